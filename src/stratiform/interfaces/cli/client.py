"""The REST client of the command line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from stratiform.interfaces.cli.errors import CliError, error_of_response, no_response

#: The number of bytes of an upload that are sent at once.
_CHUNK_BYTES = 1 << 16

#: The value of a query parameter; None: it is left out.
Parameter = str | int | None


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

    def patch(self, path: str, body: object = None) -> Any:
        return self._json("PATCH", path, json=body)

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
