"""The HTTP server of the API: signatures, faults, responses.

Source: CloudStack API guide ("Signing API requests", "Error handling").
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from stratiform.kit.clock import SECOND_US, Micros, to_datetime
from support.cloudstack import (  # noqa: F401 - the modules register their commands
    address_commands,
    group_commands,
    network_commands,
    tag_commands,
    template_commands,
    usage_commands,
    vm_actions,
    vm_commands,
    volume_commands,
)
from support.cloudstack.catalog import create_catalog
from support.cloudstack.registry import COMMANDS, RESPONSE_KEYS
from support.cloudstack.state import Account, ApiError, Row, State
from support.cloudstack.uploads import receive_upload


@dataclass
class Fault:
    """A fault of the next responses to a command, or (`*`) to any command.

    `kind`: `lose` executes the command and closes the connection; `refuse` closes it first; `status` responds with
    this status and a text that is not JSON; `error` responds with an error of the API; `body` replaces the text of
    the response; `change` changes its content.
    """

    command: str
    kind: str
    times: int = 1
    status: int = 503
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    change: Callable[[Row], Row] = lambda content: content


class ApiServer:
    """A management server on a free port.

    `requests` are the commands and parameters that it received, `responses` the contents of its responses.
    """

    def __init__(self, *, is_basic: bool = False) -> None:
        self.state = State()
        create_catalog(self.state, is_basic=is_basic)
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.responses: list[tuple[str, Row]] = []
        self._http = HttpServer(self)
        self.port = self._http.server_address[1]
        self.host_url = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.host_url}/client/api"
        self.state.tables["_server"] = {"url": {"id": "url", "value": self.host_url, "_owner": ""}}
        self._thread = threading.Thread(target=lambda: self._http.serve_forever(poll_interval=0.01), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def inject(self, command: str, kind: str, **values: Any) -> None:
        self.faults.append(Fault(command.lower(), kind, **values))

    def list_commands(self, *names: str) -> list[str]:
        """Return the received commands with these names, in order."""
        return [name for name, _ in self.requests if name in names]

    def get_id(self, table: str, name: str) -> str:
        """Return the id of a resource by its name."""
        return next(str(row["id"]) for row in self.state.rows(table) if row["name"] == name)

    def add_usage_record(
        self, native_id: str, usage_type: int, start: Micros, usage: str, period_s: int = 3600
    ) -> None:
        """Store a usage record, unless there is one of this resource and period."""
        account = next(iter(self.state.accounts.values()))
        end = start + (period_s - 1) * SECOND_US
        values = {
            "usagetype": usage_type,
            "usageid": native_id,
            "rawusage": usage,
            "usage": f"{usage} Hrs",
            "description": f"usage of {native_id}",
            "startdate": f"{to_datetime(start):%Y-%m-%dT%H:%M:%S+0000}",
            "enddate": f"{to_datetime(end):%Y-%m-%dT%H:%M:%S+0000}",
        }
        keys = ("usagetype", "usageid", "startdate")
        if not any(all(row[key] == values[key] for key in keys) for row in self.state.rows("usage_records")):
            self.state.add("usage_records", account, **values)

    def take_fault(self, command: str) -> Fault | None:
        for fault in self.faults:
            if fault.command in (command.lower(), "*") and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def execute(self, params: dict[str, str]) -> tuple[int, str, Row]:
        """Execute a command and return the status, the key and the content of the response."""
        name = params.get("command", "").lower()
        key = RESPONSE_KEYS.get(name, f"{name}response")
        try:
            account = self._authenticate(params)
            if name not in COMMANDS or name in self.state.forbidden:
                raise ApiError(432, "The given command does not exist or it is not available for user", 9999)
        except ApiError as error:
            return error.code, "errorresponse", error.build()
        with self.state.lock:
            self.state.advance()
            self.requests.append((params["command"], params))
            try:
                content = COMMANDS[name](self.state, account, params)
            except ApiError as error:
                return error.code, key, error.build()
            self.responses.append((params["command"], content))
            return 200, key, content

    def _authenticate(self, params: dict[str, str]) -> Account:
        account = self.state.accounts.get(params.get("apikey", ""))
        is_valid = account is not None and hmac.compare_digest(
            sign(params, account.secret_key), params.get("signature", "")
        )
        if account is None or not is_valid or _is_expired(params):
            raise ApiError(401, "unable to verify user credentials and/or request signature", 9999)
        return account


def sign(params: dict[str, str], secret_key: str) -> str:
    """Return the signature of a request: HMAC-SHA1 of its sorted parameters, encoded as Java does, in lower case."""
    pairs = [f"{key}={quote(value, safe='*')}" for key, value in sorted(params.items()) if key != "signature"]
    digest = hmac.new(secret_key.encode(), "&".join(pairs).lower().encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _is_expired(params: dict[str, str]) -> bool:
    if params.get("signatureversion") != "3":
        return False
    return datetime.strptime(params["expires"], "%Y-%m-%dT%H:%M:%S%z") < datetime.now(UTC)


class HttpServer(ThreadingHTTPServer):
    """The HTTP server of an `ApiServer`."""

    daemon_threads = True

    def __init__(self, api: ApiServer) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), RequestHandler)


class RequestHandler(BaseHTTPRequestHandler):
    """Handles the requests of one connection."""

    server: HttpServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle(urlsplit(self.path).query)

    def do_POST(self) -> None:
        if self.path.startswith("/upload/"):
            with suppress(ConnectionError):
                self._send(receive_upload(self.server.api.state, self.path, dict(self.headers), self.rfile), "")
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self._handle("&".join(filter(None, [urlsplit(self.path).query, body])))

    def log_message(self, *_: object) -> None:
        """Write nothing."""

    def _handle(self, query: str) -> None:
        params = {key.lower(): value for key, value in parse_qsl(query, keep_blank_values=True)}
        fault = self.server.api.take_fault(params.get("command", ""))
        kind = fault.kind if fault is not None else ""
        if fault is not None and kind in ("refuse", "status", "error"):
            self._respond_with_fault(fault)
            return
        status, key, content = self.server.api.execute(params)
        if kind == "lose":
            self.close_connection = True
            return
        if fault is not None and kind == "change":
            content = fault.change(content)
        self._send(status, fault.text if fault is not None and kind == "body" else json.dumps({key: content}))

    def _respond_with_fault(self, fault: Fault) -> None:
        if fault.kind == "refuse":
            self.close_connection = True
        elif fault.kind == "error":
            content = {"errorresponse": ApiError(fault.status, fault.text, 9999).build()}
            self._send(fault.status, json.dumps(content), *fault.headers)
        else:
            self._send(fault.status, fault.text or "<html>proxy</html>", *fault.headers, content_type="text/html")

    def _send(
        self, status: int, text: str, *headers: tuple[str, str], content_type: str = "application/json;charset=UTF-8"
    ) -> None:
        body = text.encode()
        with suppress(ConnectionError):
            self.send_response(status)
            for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body))), *headers):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
