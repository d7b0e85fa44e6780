"""The command line's way to the REST API: over the port, or inside this process where no server runs."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import typer
import yaml

#: A question can be answered from a large ledger; an upload can be long.
_TIMEOUT = httpx.Timeout(600, connect=5)

_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}


class CliError(Exception):
    """Told as one line and a hint; the command ends with 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass
class Session:
    """What the command line was started with. `inside` answers like a server, for when none runs."""

    home: Path
    cloud: str = ""
    inside: Callable[[Path], httpx.Client] | None = None
    _client: "Client | None" = field(default=None, init=False)

    def client(self) -> "Client":
        if self._client is None:
            self._client = Client(*_sign_in(self))
        return self._client


#: The session of this process; set once by main.run.
session = Session(home=Path())


def client() -> "Client":
    """The client of the running command. Raises CliError where nobody can be signed in."""
    return session.client()


def shown(text: str) -> str:
    """`text` with what would steer the terminal made visible: a machine's name comes from whoever owns it."""
    return text.translate(_CONTROLS)


def on_one_line(text: str) -> str:
    """`text` with ends of lines made visible, too: none of it may look like a line of ours."""
    return shown(text).replace("\n", "\ufffd").replace("\t", "\ufffd")


def say(text: str) -> None:
    typer.echo(shown(text))


class Client:
    """Requests below `/api/v1`, as the signed-in user."""

    def __init__(self, http: httpx.Client, token: str) -> None:
        self._http = http
        self._headers = {"X-Auth-Token": token}

    def get(self, path: str, **params: Any) -> Any:
        return self._ask("GET", path, params=_given(params))

    def pages(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list that says in `next` (a marker) where it goes on."""
        while True:
            page = self.get(path, **params)
            yield from page[key]
            if not page.get("next"):
                return
            params["marker"] = page["next"]

    def post(self, path: str, body: Any = None) -> Any:
        return self._ask("POST", path, json=body)

    def put(self, path: str, body: Any = None) -> Any:
        return self._ask("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        return self._ask("DELETE", path)

    def upload(self, path: str, file: Path, content_type: str, **params: Any) -> Any:
        """POST the bytes of `file`, as a stream."""
        try:
            with file.open("rb") as source:
                headers = {"Content-Type": content_type}
                return self._ask("POST", path, params=_given(params), content=source, headers=headers)
        except OSError as error:
            raise CliError(f"can't read {file}: {error.strerror}") from error

    def send(self, path: str, content: bytes, content_type: str, **params: Any) -> Any:
        """POST a body of another type than JSON."""
        return self._ask("POST", path, params=_given(params), content=content, headers={"Content-Type": content_type})

    def download(self, path: str, **params: Any) -> bytes:
        return self._send("GET", path, params=_given(params)).content

    def stream(self, path: str, **params: Any) -> Iterator[bytes]:
        """The bytes of a long answer, as they come. Raises CliError, also where it breaks off."""
        with self._streamed("GET", path, params=_given(params)) as answer:
            yield from answer.iter_bytes()

    def lines(self, path: str, body: Any) -> Iterator[Any]:
        """POST; the JSON documents of a long answer, one a line, as they come. Raises CliError as `stream`."""
        with self._streamed("POST", path, json=body) as answer:
            for line in answer.iter_lines():
                yield json.loads(line)

    @contextmanager
    def _streamed(self, method: str, path: str, **how: Any) -> Iterator[httpx.Response]:
        try:
            with self._http.stream(method, f"/api/v1/{path}", headers=self._headers, **how) as answer:
                if answer.is_error:
                    answer.read()
                    raise _told(answer)
                yield answer
        except httpx.HTTPError as error:
            raise CliError(f"no answer from {self._http.base_url}: {error}", "is `stratiform up` running?") from error

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        answer = self._send(method, path, **how)
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        try:
            answer = self._http.request(
                method, f"/api/v1/{path.lstrip('/')}", headers={**self._headers, **(headers or {})}, **how
            )
        except httpx.HTTPError as error:
            raise CliError(f"no answer from {self._http.base_url}: {error}", "is `stratiform up` running?") from error
        if answer.is_error:
            raise _told(answer)
        return answer


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in params.items() if value is not None}


def _told(answer: httpx.Response) -> CliError:
    try:
        body = answer.json()
    except ValueError:
        return CliError(f"the server answered {answer.status_code}")
    if "error" in body and isinstance(body["error"], dict):
        return CliError(str(body["error"].get("message", answer.status_code)))
    return CliError(str(body.get("detail", answer.status_code)), str(body.get("hint", "")))


def _sign_in(how: Session) -> tuple[httpx.Client, str]:
    account = _account(how)
    http = _reach(how, str(account["auth_url"]))
    asked = {
        "identity": {
            "methods": ["password"],
            "password": {
                "user": {
                    "name": account["username"],
                    "password": account["password"],
                    "domain": {"name": account.get("user_domain_name", "Default")},
                }
            },
        },
        "scope": {
            "project": {
                "name": account["project_name"],
                "domain": {"name": account.get("project_domain_name", "Default")},
            }
        },
    }
    try:
        answer = http.post("/identity/v3/auth/tokens", json={"auth": asked})
    except httpx.HTTPError as error:
        raise CliError(f"no answer from {account['auth_url']}: {error}", "is `stratiform up` running?") from error
    if answer.is_error:
        raise _told(answer)
    return http, answer.headers["x-subject-token"]


def _account(how: Session) -> dict[str, Any]:
    """Who signs in: the environment's `OS_…`, else an entry of HOME/clouds.yaml."""
    if not how.cloud and os.environ.get("OS_AUTH_URL") and os.environ.get("OS_PASSWORD"):
        names = ("auth_url", "username", "password", "project_name", "user_domain_name", "project_domain_name")
        return {name: os.environ[f"OS_{name.upper()}"] for name in names if f"OS_{name.upper()}" in os.environ}
    file = how.home / "clouds.yaml"
    name = how.cloud or "stratiform-admin"
    try:
        return dict(yaml.safe_load(file.read_text())["clouds"][name]["auth"])
    except FileNotFoundError:
        raise CliError(
            f"no installation in {how.home}", "start one with `stratiform up`, or name it with --home"
        ) from None
    except (KeyError, TypeError, yaml.YAMLError):
        raise CliError(f"no entry '{name}' in {file}, or it can't be understood") from None


def _reach(how: Session, auth_url: str) -> httpx.Client:
    base = auth_url.split("/identity")[0]
    if how.inside is not None and not _answers(base):
        return how.inside(how.home)
    return httpx.Client(base_url=base, timeout=_TIMEOUT)


def _answers(base: str) -> bool:
    try:
        httpx.get(f"{base}/identity/v3", timeout=2)
    except httpx.HTTPError:
        return False
    return True
