"""The services without gRPC, on one HTTP server: Monitoring, and Object Storage with the API of Amazon S3."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from stratiform.kit.clock import parse_iso
from support.yandex.state import FOLDER, State

ACCESS_KEY = "YCAJEexample"


def build_handler(state: State) -> type[BaseHTTPRequestHandler]:
    """Return a handler of `POST /monitoring/v2/data/read`, and of objects in any bucket."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            authorization = self.headers.get("Authorization", "")
            with state.lock:
                if self.path.startswith("/monitoring/"):
                    status, response = _read_metrics(state, self.path, authorization, json.loads(body))
                    content = json.dumps(response)
                elif f"Credential={ACCESS_KEY}/" not in authorization:
                    status, content = 403, "<Error><Code>InvalidAccessKeyId</Code></Error>"
                else:
                    status, content = _change_object(state, self.command, self.path, body)
            self.send_response(status)
            self.send_header("ETag", '"etag"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Write nothing to stderr."""

    return Handler


def _change_object(state: State, command: str, path: str, body: bytes) -> tuple[int, str]:
    """Respond to the requests of a multipart upload, and to the deletion of an object."""
    url, query = urlsplit(path), parse_qs(urlsplit(path).query, keep_blank_values=True)
    state.requests.append(f"Storage/{command}")
    if command == "POST" and "uploads" in query:
        state.uploads[url.path] = {}
        return 200, f"<InitiateMultipartUploadResult><UploadId>{url.path}</UploadId></InitiateMultipartUploadResult>"
    if command == "PUT":
        state.uploads[url.path][int(query["partNumber"][0])] = body
        return 200, ""
    blocks = state.uploads.pop(url.path, {})
    if command == "POST":
        state.objects[url.path] = b"".join(blocks[number] for number in sorted(blocks))
        return 200, "<CompleteMultipartUploadResult><ETag>etag</ETag></CompleteMultipartUploadResult>"
    if "uploadId" not in query:
        state.objects.pop(url.path, None)
    return 204, ""


def _read_metrics(state: State, path: str, authorization: str, body: Any) -> tuple[int, dict[str, Any]]:
    state.requests.append("Monitoring/read")
    fault = state.take_fault("Monitoring/read", in_operation=False)
    if fault is not None:
        return fault.status_code, {"message": fault.error.status.message}
    if authorization.removeprefix("Bearer ") not in state.tokens:
        return 401, {"message": "The token is invalid"}
    if parse_qs(urlsplit(path).query).get("folderId") != [FOLDER]:
        return 403, {"message": "Permission denied"}
    name, _, selectors = body["query"].partition("{")
    selected = dict(item.split("=", 1) for item in selectors.removesuffix("}").replace('"', "").split(", "))
    first, last = parse_iso(body["fromTime"]) // 1000, parse_iso(body["toTime"]) // 1000
    grid = int(body["downsampling"]["gridInterval"])
    metrics = []
    for labels, values in state.points.items():
        items = dict(labels)
        if items["name"] != name.strip('"') or any(items.get(key) != value for key, value in selected.items()):
            continue
        sums: dict[int, float] = {}
        for timestamp, value in sorted(values.items()):
            if first <= timestamp <= last:
                sums[timestamp // grid * grid] = sums.get(timestamp // grid * grid, 0) + value
        series = {"timestamps": list(sums), "doubleValues": list(sums.values())}
        metrics.append({"name": items["name"], "labels": items, "type": "DGAUGE", "timeseries": series})
    return 200, {"metrics": metrics}
