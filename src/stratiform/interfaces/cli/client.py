"""The command line's way to the REST API: over the port, or inside this process where no server runs."""

import json
import logging
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import typer
import yaml

from stratiform.interfaces.cli.errors import CliError, refusal

__all__ = ["CliError", "Client", "Session", "client", "on_one_line", "say", "session", "shown"]

#: A question can be answered from a large ledger; an upload can be long.
_TIMEOUT = httpx.Timeout(600, connect=5)

#: So many bytes of an upload are sent at once.
_PIECE = 1 << 16

#: Answers like a server, for when none runs.
Inside = Callable[[Path], httpx.Client]

#: The entry of the operator, in the home of each installation.
_OWN = "stratiform-admin"

#: What our own entries have. For whatever has more openstacksdk is loaded, which takes a second.
_ENTRY = {"auth", "region_name", "identity_api_version"}
_NEEDED = {"auth_url", "username", "password", "project_name"}
_AUTH = _NEEDED | {"user_domain_name", "project_domain_name"}

#: With one of these in the environment, there is more to it than name and password.
_MORE = ("OS_AUTH_TYPE", "OS_CACERT", "OS_CERT", "OS_INSECURE", "OS_SYSTEM_SCOPE", "OS_TOKEN")

_RUNNING = "is `stratiform up` running?"
_ELSEWHERE = f"unset OS_CLOUD and OS_AUTH_URL, or give --os-cloud {_OWN}"

#: Also the two characters that end a line or paragraph and are no controls.
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029) if chr(code) not in "\t\n"}


@dataclass
class Session:
    """What the command line was started with. `named`: the home was, not taken for want of another; `inside` answers
    like a server, for when none runs."""

    home: Path
    cloud: str = ""
    inside: Inside | None = None
    named: bool = False
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

    def delete(self, path: str, **params: Any) -> Any:
        return self._ask("DELETE", path, params=_given(params) or None)

    def upload(self, path: str, file: Path, content_type: str, **params: Any) -> Any:
        """POST the bytes of `file`, as a stream."""
        try:
            with file.open("rb") as source:
                headers = {"Content-Type": content_type}
                # In pieces: of an open file httpx tells the length, and that of a pipe is 0.
                pieces = iter(partial(source.read, _PIECE), b"")
                return self._ask("POST", path, params=_given(params), content=pieces, headers=headers)
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
                    raise refusal(answer)
                yield answer
        except httpx.HTTPError as error:
            raise CliError(f"no answer from {self._http.base_url}: {error}", _RUNNING) from error

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        answer = self._send(method, path, **how)
        return answer.json() if answer.content else None

    def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        try:
            answer = self._http.request(
                method, f"/api/v1/{path.lstrip('/')}", headers={**self._headers, **(headers or {})}, **how
            )
        except httpx.HTTPError as error:
            raise CliError(f"no answer from {self._http.base_url}: {error}", _RUNNING) from error
        if answer.is_error:
            raise refusal(answer)
        return answer


def _given(params: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in params.items() if value is not None}


def _sign_in(how: Session) -> tuple[httpx.Client, str]:
    """A way to the server, and a token for it: by `--os-cloud`, else as the environment tells `openstack`, else as the
    home's operator. Raises CliError."""
    name, environment = how.cloud or os.environ.get("OS_CLOUD", ""), os.environ
    if environment.get("OS_AUTH_URL") and not how.cloud and (environment.get("OS_PASSWORD") or not name):
        return _by_environment()
    own = how.home / "clouds.yaml"
    for file in _files(how, own):
        entry = _entries(file).get(name or _OWN)
        if entry is not None:
            return _by_entry(file, name or _OWN, entry, how if file.resolve() == own.resolve() else None)
    if name and name != _OWN:
        return _by_sdk(None, name)
    if own.exists():
        raise CliError(f"no entry '{_OWN}' in {own}", "`stratiform up` writes it")
    raise CliError(f"no installation in {how.home}", "start one with `stratiform up`, or name it with --home")


def _files(how: Session, own: Path) -> list[Path]:
    """Where an entry is looked for: what was asked for comes before what is so by default."""
    other = os.environ.get("OS_CLIENT_CONFIG_FILE")
    if not other:
        return [own]
    return [own, Path(other)] if how.named or how.cloud else [Path(other), own]


def _by_environment() -> tuple[httpx.Client, str]:
    auth = {name: os.environ[f"OS_{name.upper()}"] for name in _AUTH if os.environ.get(f"OS_{name.upper()}")}
    if auth.keys() >= _NEEDED and not any(os.environ.get(name) for name in _MORE):
        return _by_password(auth, None)
    return _by_sdk(None, "")


def _entries(file: Path) -> Mapping[str, Any]:
    """Raises CliError where the file can't be understood."""
    try:
        return dict(yaml.safe_load(file.read_text())["clouds"])
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise CliError(f"can't read {file}: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, yaml.YAMLError):
        raise CliError(f"{file} can't be understood", "it is YAML, with entries below 'clouds'") from None


def _by_entry(file: Path, name: str, entry: Any, home: Session | None) -> tuple[httpx.Client, str]:
    auth = entry.get("auth") if isinstance(entry, dict) else None
    if not isinstance(auth, dict):
        raise CliError(f"the entry '{name}' in {file} can't be understood", "it has 'auth' with 'auth_url' and more")
    if _NEEDED <= auth.keys() <= _AUTH and entry.keys() <= _ENTRY:
        return _by_password(auth, home)
    return _by_sdk(file, name)


def _by_password(auth: Mapping[str, Any], home: Session | None) -> tuple[httpx.Client, str]:
    """`home`: whose account it is, where it is one of that home, which can answer from inside."""
    base = _base(str(auth["auth_url"]))
    if home is not None and home.inside is not None and not _answers(base):
        http = home.inside(home.home)
    else:
        http = httpx.Client(base_url=base, timeout=_TIMEOUT)
    user_domain = {"name": auth.get("user_domain_name", "Default")}
    user = {"name": auth["username"], "password": auth["password"], "domain": user_domain}
    project = {"name": auth["project_name"], "domain": {"name": auth.get("project_domain_name", "Default")}}
    asked = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}
    try:
        answer = http.post("/identity/v3/auth/tokens", json={"auth": asked})
    except httpx.HTTPError as error:
        http.close()
        raise CliError(f"no answer from {base}: {error}", _RUNNING) from error
    if answer.is_error:
        http.close()
        raise refusal(answer)
    return http, answer.headers["x-subject-token"]


def _by_sdk(file: Path | None, name: str) -> tuple[httpx.Client, str]:
    """As `openstack` does: with its files, its environment, and all ways of signing in that it knows."""
    from keystoneauth1.exceptions import ClientException, ConnectFailure, DiscoveryFailure
    from openstack.config import OpenStackConfig
    from openstack.exceptions import SDKException

    logging.getLogger("keystoneauth").setLevel(logging.CRITICAL)  # what it warns of, the error tells
    try:
        config = OpenStackConfig(config_files=None if file is None else [str(file)])
        region = config.get_one(cloud=name or None)
        base = _base(str(region.config["auth"].get("auth_url", "")))
        signing = region.get_session()
        with signing.session:
            token = signing.get_token()
    except SDKException as error:
        raise CliError(f"can't sign in with cloud '{name}': {_line(error)}", _ELSEWHERE) from error
    except (ConnectFailure, DiscoveryFailure) as error:
        raise CliError(f"no answer from {base}", _RUNNING) from error
    except ClientException as error:
        raise CliError(f"can't sign in: {_line(error)}", "check what OS_… or clouds.yaml say") from error
    verify, _ = region.get_requests_verify_args()
    trusted = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else bool(verify)
    return httpx.Client(base_url=base, timeout=_TIMEOUT, verify=trusted), str(token)


def _base(auth_url: str) -> str:
    """Where the API is, by where tokens are given. Raises CliError where that can't be one of ours."""
    base, identity, _ = auth_url.partition("/identity")
    if not identity:
        raise CliError(f"'{auth_url}' is no Stratiform: its address ends in /identity/v3", _ELSEWHERE)
    return base


def _answers(base: str) -> bool:
    try:
        httpx.get(f"{base}/identity/v3", timeout=2)
    except httpx.HTTPError:
        return False
    return True


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
