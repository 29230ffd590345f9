"""A server of planted pages, for the controls of what measures pages."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_LATE_SECONDS = 3


@contextmanager
def planted(page: str, late_scripts: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve a page under every address, and scripts that come three seconds late; gives the address."""
    scripts = late_scripts or {}

    class Planted(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script = scripts.get(self.path)
            if script is not None:
                time.sleep(_LATE_SECONDS)
            body = (page if script is None else script).encode()
            self.send_response(200)
            self.send_header("content-type", "text/html" if script is None else "text/javascript")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Planted) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
