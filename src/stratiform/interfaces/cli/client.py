"""The REST client of the command line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import typer

from stratiform.interfaces.cli.errors import CliError, error_of_response
from stratiform.interfaces.cli.sign_in import GlobalOptions, LocalServer, no_response, sign_in

__all__ = [
    "CliError",
    "Client",
    "Session",
    "escape_control_characters",
    "escape_line",
    "get_client",
    "print_line",
    "session",
]

#: The number of bytes of an upload that are sent at once.
_CHUNK_BYTES = 1 << 16

#: Control characters, including the two Unicode characters that end a line or a paragraph.
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029) if chr(code) not in "\t\n"}

#: The value of a query parameter; None: it is left out.
Parameter = str | int | None


@dataclass
class Session:
    """The global options, and the client of the running command."""

    home: Path
    cloud: str = ""
    local_server: LocalServer | None = None
    home_is_explicit: bool = False
    _client: "Client | None" = field(default=None, init=False)

    def get_client(self) -> "Client":
        if self._client is None:
            options = GlobalOptions(self.home, self.cloud, self.local_server, self.home_is_explicit)
            self._client = Client(*sign_in(options))
        return self._client


#: The session of this process; `app.commands` sets its options.
session = Session(home=Path())


def get_client() -> "Client":
    """Return the client of the running command. Raises CliError if the sign-in fails."""
    return session.get_client()


def escape_control_characters(text: str) -> str:
    """Replace control characters: names come from customers, and must not control the terminal."""
    return text.translate(_CONTROLS)


def escape_line(text: str) -> str:
    """Replace line ends too, so that a name cannot look like another line of output."""
    return escape_control_characters(text).replace("\n", "\ufffd").replace("\t", "\ufffd")


def print_line(text: str) -> None:
    typer.echo(escape_control_characters(text))


class Client:
    """Requests to `/api/v1`. JSON responses have the types of the API's documentation, so they are not checked here."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self._http = http
        self._headers = {"X-Auth-Token": token}

    def get(self, path: str, **params: Parameter) -> Any:
        return self._json("GET", path, params=_present(params))

    def iterate_items(self, path: str, key: str, **params: Parameter) -> Iterator[dict[str, Any]]:
        """Yield the items of all pages of a list."""
        while True:
            page = self.get(path, **params)
            yield from page[key]
            if not page.get("next"):
                return
            params["marker"] = page["next"]

    def post(self, path: str, body: object = None) -> Any:
        return self._json("POST", path, json=body)

    def put(self, path: str, body: object = None) -> Any:
        return self._json("PUT", path, json=body)

    def delete(self, path: str, **params: Parameter) -> Any:
        return self._json("DELETE", path, params=_present(params) or None)

    def post_file(self, path: str, file: Path, content_type: str, **params: Parameter) -> Any:
        """POST the content of a file as a stream."""
        try:
            with file.open("rb") as source:
                headers = {"Content-Type": content_type}
                # An iterator, because httpx takes the size of an open pipe for its length, which is 0.
                chunks = iter(partial(source.read, _CHUNK_BYTES), b"")
                return self._json("POST", path, params=_present(params), content=chunks, headers=headers)
        except OSError as error:
            raise CliError(f"Cannot read {file}: {error.strerror}") from error

    def post_bytes(self, path: str, content: bytes, content_type: str, **params: Parameter) -> Any:
        """POST a body that is not JSON."""
        headers = {"Content-Type": content_type}
        return self._json("POST", path, params=_present(params), content=content, headers=headers)

    def download(self, path: str, **params: Parameter) -> bytes:
        return self._send("GET", path, params=_present(params)).content

    def stream_bytes(self, path: str, **params: Parameter) -> Iterator[bytes]:
        """Yield the bytes of a long response. Raises CliError, also if the connection is lost."""
        with self._stream("GET", path, params=_present(params)) as response:
            yield from response.iter_bytes()

    def post_and_stream_lines(self, path: str, body: object) -> Iterator[dict[str, object]]:
        """POST, and yield the JSON documents of a response in JSON Lines format. Raises CliError as `stream_bytes`."""
        with self._stream("POST", path, json=body) as response:
            for line in response.iter_lines():
                yield json.loads(line)

    @contextmanager
    def _stream(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        try:
            with self._http.stream(method, f"/api/v1/{path}", headers=self._headers, **options) as response:
                if response.is_error:
                    response.read()
                    raise error_of_response(response)
                yield response
        except httpx.HTTPError as error:
            raise no_response(self._http.base_url, error) from error

    def _json(self, method: str, path: str, **options: Any) -> object:
        response = self._send(method, path, **options)
        return response.json() if response.content else None

    def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(
                method, f"/api/v1/{path.lstrip('/')}", headers={**self._headers, **(headers or {})}, **options
            )
        except httpx.HTTPError as error:
            raise no_response(self._http.base_url, error) from error
        if response.is_error:
            raise error_of_response(response)
        return response


def _present(params: dict[str, Parameter]) -> dict[str, str | int]:
    return {key: value for key, value in params.items() if value is not None}
