"""How services are asked over HTTP: patience, links that may be followed, logins, pages."""
