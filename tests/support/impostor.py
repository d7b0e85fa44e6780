"""Another program on an address that clients of Stratiform may connect to. It records everything that it receives."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Returns status and body of the response to a path with its query.
Responder = Callable[[str], tuple[int, bytes]]


@dataclass(slots=True)
class Impostor:
    """`received`: the requests, with headers and body."""

    url: str
    received: list[str] = field(default_factory=list)


@contextmanager
def impostor(port: int = 0, respond: Responder = lambda _path: (200, b'{"proof": "0"}')) -> Iterator[Impostor]:
    """Listen on `port` of 127.0.0.1, or on a free one, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            result.received.append(f"{self.requestline}\n{self.headers}\n{body.decode()}")
            status, content = respond(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Subject-Token", "t")
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_CONNECT = do_GET

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        result = Impostor(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="impostor")
        thread.start()
        try:
            yield result
        finally:
            server.shutdown()
            thread.join()
