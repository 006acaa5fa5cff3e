"""The door: settings, wiring, HTTP and command line. Everything runnable starts here."""
