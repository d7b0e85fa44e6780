"""A web server with the data of an image."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class WebImage:
    """`content` may be changed; `stated_size`: the size in responses to HEAD if it is not that of the content."""

    url: str = ""
    content: bytes = b"x" * 100_000
    stated_size: int | None = None
    requests: list[str] = field(default_factory=list)


@contextmanager
def serve_image() -> Iterator[WebImage]:
    """Serve an image at every path except `/missing`."""
    image = WebImage()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            image.requests.append("HEAD")
            if self.path == "/missing":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(image.stated_size or len(image.content)))
            self.end_headers()

        def do_GET(self) -> None:
            image.requests.append("GET")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(image.content)

        def log_message(self, *_: Any) -> None:
            """Write nothing to the standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    image.url = f"http://127.0.0.1:{server.server_port}/image"
    try:
        yield image
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
