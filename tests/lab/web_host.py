"""Run inside the laboratory's network: the same small page over HTTP and over TLS, until killed."""

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<!doctype html><title>lab</title><p>A page of the laboratory.\n"


class Page(BaseHTTPRequestHandler):
    """Answers every GET alike."""

    server_version = "LabWeb/1.0"

    def do_GET(self) -> None:
        """The page, whatever was asked for."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)


def serve(certificate: str, key: str) -> None:
    """Serve on ports 80 and 443 of every address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain = ThreadingHTTPServer(("0.0.0.0", 80), Page)
    secured = ThreadingHTTPServer(("0.0.0.0", 443), Page)
    # The handshake is left to the first read, which is the connection's own thread: a port scan that connects and
    # says nothing must not hold up the next visitor.
    secured.socket = context.wrap_socket(secured.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    secured.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
