"""Sign-in of the command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import Session
from support.impostor import Responder, impostor
from support.server import ADMIN_PASSWORD, DEMO_PASSWORD, Live, live_server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(autouse=True)
def isolated_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the settings and the files of this machine."""
    for name in ("OS_AUTH_URL", "OS_CLOUD", "OS_PASSWORD", "OS_CLIENT_CONFIG_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def entry(url: str, user: str, **fields: Any) -> dict[str, Any]:
    password = ADMIN_PASSWORD if user == "admin" else DEMO_PASSWORD
    auth = {"auth_url": f"{url}/identity/v3", "username": user, "password": password, "project_name": user}
    return {"auth": auth | {"user_domain_name": "Default", "project_domain_name": "Default"}} | fields


def write(file: Path, **entries: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump({"clouds": entries}))
    return file


def copy_of_home(live: Live, home: Path, **entries: Any) -> Path:
    """Another home of the live installation: it has the same keys, and these entries."""
    shutil.copytree(live.home / "keys", home / "keys")
    write(home / "clouds.yaml", **entries)
    return home


def signed_in_user(sign_in_session: Session, live: Live) -> str:
    """Return the name of the user of a session."""
    client = sign_in_session.get_client()
    with closing(client._http):
        assert client.get("usage/meters")["meters"]
    token = client._headers["X-Auth-Token"]
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    return str(httpx.get(f"{live.url}/identity/v3/auth/tokens", headers=headers).json()["token"]["user"]["name"])


def test_default_is_the_operator_of_the_home(live: Live, tmp_path: Path) -> None:
    home = copy_of_home(live, tmp_path / "h", **{"stratiform-admin": entry(live.url, "admin")})
    assert signed_in_user(Session(home), live) == "admin"


def test_os_cloud_selects_an_entry(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"stratiform-admin": entry(live.url, "admin"), "mine": entry(live.url, "demo")}
    home = copy_of_home(live, tmp_path / "h", **entries)
    monkeypatch.setenv("OS_CLOUD", "mine")
    assert signed_in_user(Session(home), live) == "demo"
    assert signed_in_user(Session(home, cloud="stratiform-admin"), live) == "admin"


def test_entry_in_the_files_of_openstacksdk(live: Live, tmp_path: Path) -> None:
    """In a process of its own, because openstacksdk reads the location once."""
    write(tmp_path / "config" / "openstack" / "clouds.yaml", remote=entry(live.url, "demo"))
    command = [sys.executable, "-m", "stratiform", "--home", str(tmp_path / "nothing"), "usage", "rejected", "list"]
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "OS_CLOUD": "remote"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Policy doesn't allow usage:rejected_messages:list" in result.stderr, "it is the customer's entry"


def test_precedence_of_files(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = copy_of_home(live, tmp_path / "h", both=entry(live.url, "admin"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(write(tmp_path / "other.yaml", both=entry(live.url, "demo"))))
    monkeypatch.setenv("OS_CLOUD", "both")
    assert signed_in_user(Session(home), live) == "demo"
    assert signed_in_user(Session(home, home_is_explicit=True), live) == "admin"
    assert signed_in_user(Session(tmp_path / "nothing", home_is_explicit=True), live) == "demo"


def test_authentication_methods_of_openstacksdk(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = copy_of_home(live, tmp_path / "h", **{"stratiform-admin": entry(live.url, "admin")})
    client = Session(admin).get_client()
    client._http.close()
    token = client._headers["X-Auth-Token"]
    auth = {"auth_url": f"{live.url}/identity/v3", "token": token}
    scoped = {"project_name": "admin", "project_domain_name": "Default"}
    file = write(tmp_path / "t.yaml", token={"auth_type": "v3token", "auth": auth | scoped, "verify": False})
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    monkeypatch.setenv("OS_CLOUD", "token")
    assert signed_in_user(Session(tmp_path / "nothing"), live) == "admin"
    monkeypatch.delenv("OS_CLOUD")
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    for name, text in {"OS_AUTH_TYPE": "v3token", "OS_AUTH_URL": auth["auth_url"], "OS_TOKEN": token}.items():
        monkeypatch.setenv(name, text)
    for name, text in scoped.items():
        monkeypatch.setenv(f"OS_{name.upper()}", text)
    assert signed_in_user(Session(tmp_path / "nothing"), live) == "admin"


def test_openrc_environment(live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in live.environment("demo").items():
        monkeypatch.setenv(name, text)
    assert signed_in_user(Session(tmp_path / "nothing"), live) == "demo"


@pytest.mark.parametrize(
    ("entries", "cloud", "message", "hint"),
    [
        ({}, "", "No installation found in ", "run `stratiform up`"),
        (
            {"other": entry("http://127.0.0.1:9", "demo")},
            "",
            "does not have an entry 'stratiform-admin'",
            "`stratiform up`",
        ),
        ({}, "typo", "Cannot sign in with cloud 'typo': Cloud typo was not found.", "unset OS_CLOUD"),
        ({"c": {"auth": {"auth_url": "http://k:5000/v3", "username": "u"}}}, "c", "'http://k:5000/v3' is no", "unset"),
        ({"c": entry("http://127.0.0.1:9", "demo")}, "c", "No response from http://127.0.0.1:9", "is `stratiform up`"),
        ({"c": entry("http://127.0.0.1:9", "demo", verify=False)}, "c", "No response from http://127.0.0.1:9", "is"),
        ({"c": 5}, "c", "The entry 'c' in ", "it needs 'auth'"),
        ({"c": {"auth": {"auth_url": "http://127.0.0.1:9/identity/v3"}}}, "c", "No response from", "is"),
    ],
)  # fmt: skip
def test_errors_are_one_line(
    tmp_path: Path, entries: dict[str, Any], cloud: str, message: str, hint: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if entries:
        write(tmp_path / "h" / "clouds.yaml", **entries)
    with pytest.raises(CliError) as error:
        Session(tmp_path / "h", cloud=cloud).get_client()
    assert message in error.value.message
    assert error.value.hint.startswith(hint)
    assert "\n" not in error.value.message
    assert capfd.readouterr() == ("", "")


def test_invalid_clouds_yaml(tmp_path: Path) -> None:
    for text in ("{", "5", "clouds: 5"):
        (tmp_path / "clouds.yaml").write_text(text)
        with pytest.raises(CliError, match=r"is not a valid clouds.yaml"):
            Session(tmp_path).get_client()


class Machine:
    """The API of homes on a machine: running at `address`, or not. Serving in process ends with an error."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self.served: list[Path] = []

    def find_address(self, home: Path) -> str | None:
        return self._address

    def start_in_process(self, home: Path) -> httpx.Client:
        self.served.append(home)
        raise CliError("served in process")


def test_own_server_in_process_gets_only_passwords_of_its_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine()
    write(tmp_path / "h" / "clouds.yaml", **{"stratiform-admin": entry("http://127.0.0.1:9", "admin")})
    with pytest.raises(CliError, match="served in process"):
        Session(tmp_path / "h", local_server=machine).get_client()
    for name, text in {"AUTH_URL": "http://127.0.0.1:9/identity/v3", "USERNAME": "u", "PASSWORD": "p"}.items():
        monkeypatch.setenv(f"OS_{name}", text)
    monkeypatch.setenv("OS_PROJECT_NAME", "p")
    with pytest.raises(CliError, match="No response from"):
        Session(tmp_path / "h", local_server=machine).get_client()
    assert machine.served == [tmp_path / "h"]


def test_running_home_is_reached_at_its_address(live: Live, tmp_path: Path) -> None:
    home = copy_of_home(live, tmp_path / "h", **{"stratiform-admin": entry("http://127.0.0.1:9", "admin")})
    assert signed_in_user(Session(home, local_server=Machine(live.url)), live) == "admin"


def relay(live: Live) -> Responder:
    """A program that forwards requests to the real server."""

    def respond(path: str) -> tuple[int, bytes]:
        response = httpx.get(f"{live.url}{path}")
        return response.status_code, response.content

    return respond


@pytest.mark.parametrize("kind", ["any answer", "garbage", "relay"])
@pytest.mark.parametrize("chosen", ["default", "sdk", "environment", "other file", "file of another home"])
def test_program_without_the_keys_gets_no_password_of_the_home(
    live: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, chosen: str
) -> None:
    """Whichever way the home's password is chosen, and whatever the other program responds."""
    responders: dict[str, Responder] = {
        "any answer": lambda _path: (200, b'{"proof": "' + b"0" * 64 + b'"}'),
        "garbage": lambda _path: (500, b"\xff<"),
        "relay": relay(live),
    }
    with impostor(respond=responders[kind]) as other:
        own = entry(other.url, "admin", **({"verify": False} if chosen == "sdk" else {}))
        home = copy_of_home(live, tmp_path / "h", **{"stratiform-admin": own})
        if chosen == "environment":
            for name, text in own["auth"].items():
                monkeypatch.setenv(f"OS_{name.upper()}", text)
        if chosen == "other file":
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(write(tmp_path / "o.yaml", copied=own)))
            monkeypatch.setenv("OS_CLOUD", "copied")
        if chosen == "file of another home":
            monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(home / "clouds.yaml"))
            home = tmp_path / "nothing"
        with pytest.raises(CliError, match=r"does not have the keys of .* no password was sent"):
            Session(home).get_client()
    assert len(other.received) == 1
    assert ADMIN_PASSWORD not in "".join(other.received)


def test_home_without_keys_sends_no_password(live: Live, tmp_path: Path) -> None:
    write(tmp_path / "h" / "clouds.yaml", **{"stratiform-admin": entry(live.url, "admin")})
    with pytest.raises(CliError, match="no password was sent"):
        Session(tmp_path / "h").get_client()
