"""Where configuration items live: one port, two stores."""
