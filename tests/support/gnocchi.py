"""A Gnocchi with one metric of servers, for tests of the OpenStack connector. It is in memory."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stratiform.kit.clock import HOUR_US, SECOND_US, Micros, SystemClock, format_iso, parse_iso

METRIC, PERIOD_S, PROJECT_ID = "network.outgoing.bytes", 300, "project-of-gnocchi"

#: What every server has sent in each period.
_BYTES = 1_000_003.5


@dataclass(slots=True)
class Gnocchi:
    """`servers`: the ids of the servers that have samples. A server's id is also the id of its metric."""

    url: str = ""
    servers: set[str] = field(default_factory=set)

    def create_samples(self, server_id: str) -> tuple[Micros, Micros]:
        """Create samples of a server, and return the last full hour, which has one per period."""
        self.servers.add(server_id)
        until = SystemClock().now() // HOUR_US * HOUR_US
        return until - HOUR_US, until

    def respond(self, path: str, body: Any) -> Any:
        """Return the response to a POST request."""
        url = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path == "/v1/search/resource/instance":
            later = sorted(server_id for server_id in self.servers if server_id > query.get("marker", ""))
            return [_describe(server_id) for server_id in later[: int(query["limit"])]]
        assert url.path == "/v1/aggregates", path
        metrics = body["operations"][1:]
        start, stop = parse_iso(query["start"]), parse_iso(query["stop"])
        step = PERIOD_S * SECOND_US
        values = [[format_iso(at), float(PERIOD_S), _BYTES] for at in range(start, stop, step)]
        return {"measures": {server_id: {aggregation: values} for server_id, aggregation in metrics}}


def _describe(server_id: str) -> dict[str, Any]:
    return {
        "id": server_id,
        "original_resource_id": server_id,
        "project_id": PROJECT_ID,
        "display_name": "web-1",
        "metrics": {METRIC: server_id},
    }


@contextmanager
def gnocchi_server() -> Iterator[Gnocchi]:
    """Serve a Gnocchi without samples until the end of the block."""
    gnocchi = Gnocchi()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            content = json.dumps(gnocchi.respond(self.path, body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gnocchi.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="gnocchi")
        thread.start()
        try:
            yield gnocchi
        finally:
            server.shutdown()
            thread.join()
