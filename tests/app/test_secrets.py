"""Secrets of a running installation appear in no log, database, argument list or response, also after failures."""

import base64
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.ports import free_port
from support.programs import Cli

pytestmark = pytest.mark.thorough


def new_secret() -> str:
    """Return a secret with characters at which an expression that redacts values could end."""
    return f"{secrets.token_hex(8)},}} {secrets.token_hex(8)}"


@dataclass
class Installation:
    """A running installation. `secrets`: what must not appear, by what it is; `responses`: what may not contain it."""

    cli: Cli
    client: httpx.Client
    secrets: dict[str, str] = field(default_factory=dict)
    responses: list[str] = field(default_factory=list)

    def new_secret(self, name: str) -> str:
        self.secrets[name] = new_secret()
        return self.secrets[name]

    def __call__(self, status: int, method: str, path: str, body: Any = None, token: str = "") -> httpx.Response:
        """Send a request, and keep the response."""
        headers = {"X-Auth-Token": token} if token else {}
        response = self.client.request(method, path, json=body, headers=headers)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        headers_without_token = {name: text for name, text in response.headers.items() if name != "x-subject-token"}
        self.responses.append(f"{method} {path}: {headers_without_token} {response.text}")
        return response

    def sign_in(self, status: int, method: str, credentials: dict[str, Any], **scope: Any) -> str:
        """Sign in. Return the token, which is a secret, or "" if the sign-in fails."""
        identity = {"methods": [method], method: credentials}
        response = self(status, "POST", "/identity/v3/auth/tokens", {"auth": {"identity": identity, **scope}})
        token = str(response.headers.get("X-Subject-Token", ""))
        if token:
            self.secrets[f"token {len(self.secrets)}"] = token
        return token

    def sign_in_by_password(self, status: int, user: str, password: str, project: str = "") -> str:
        domain = {"domain": {"id": "default"}}
        scope = {"scope": {"project": {"name": project, **domain}}} if project else {}
        credentials = {"user": {"name": user, "password": password, **domain}}
        return self.sign_in(status, "password", credentials, **scope)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    cli = Cli(tmp_path / "home")
    cli.write_settings('log_level = "DEBUG"\n')
    port = free_port()
    cli("up", "--detach", "--port", port)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Installation(cli, client)
    finally:
        cli.stop()


def use_passwords(stack: Installation) -> tuple[str, str]:
    """Create a user, change its password, and fail to sign in. Return the tokens of the operator and of the user."""
    for entry in ("stratiform-admin", "stratiform-demo"):
        stack.secrets[entry] = stack.cli.password(entry)
    admin = stack.sign_in_by_password(201, "admin", stack.secrets["stratiform-admin"], "admin")
    first, second = stack.new_secret("first password"), stack.new_secret("second password")
    user = {"name": "alice", "domain_id": "default", "password": first}
    user_id = stack(201, "POST", "/identity/v3/users", {"user": user}, admin).json()["user"]["id"]
    wrong = stack.new_secret("wrong password")
    stack.sign_in_by_password(401, "alice", wrong)
    path = f"/identity/v3/users/{user_id}/password"
    token = stack.sign_in_by_password(201, "alice", first)
    stack(401, "POST", path, {"user": {"original_password": wrong, "password": second}}, token)
    stack(400, "POST", path, {"user": {"original_password": first, "password": [second]}}, token)
    stack(204, "POST", path, {"user": {"original_password": first, "password": second}}, token)
    for password in (wrong, stack.secrets["stratiform-demo"]):
        form = {"user": "demo", "domain": "Default", "password": password}
        page = stack.client.post("/dashboard/sign-in", data=form)
        stack.responses.append(page.text)
        stack.secrets |= {f"cookie of {page.status_code}": value for value in stack.client.cookies.values()}
    stack.responses.append(stack.client.get("/dashboard").text)
    stack.client.cookies.clear()
    return admin, stack.sign_in_by_password(201, "demo", stack.secrets["stratiform-demo"], "demo")


def use_application_credential(stack: Installation, token: str) -> None:
    """Create an application credential, sign in with it, and fail to."""
    path = f"/identity/v3/users/{find_user_id(stack, token)}/application_credentials"
    secret, wrong = stack.new_secret("application secret"), stack.new_secret("wrong application secret")
    body = {"application_credential": {"name": "ci", "secret": secret}}
    created = stack.client.post(path, json=body, headers={"X-Auth-Token": token})
    assert created.status_code == 201, created.text  # the one response that has the secret
    credential_id = created.json()["application_credential"]["id"]
    stack.sign_in(401, "application_credential", {"id": credential_id, "secret": wrong})
    stack.sign_in(201, "application_credential", {"id": credential_id, "secret": secret})
    stack(200, "GET", path, None, token)


def find_user_id(stack: Installation, token: str) -> str:
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    response = stack.client.get("/identity/v3/auth/tokens", headers=headers)
    return str(response.json()["token"]["user"]["id"])


def use_clouds(stack: Installation, admin: str) -> None:
    """Add clouds that cannot be reached, and one that works until its password is wrong."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    aws = {"access_key": "AKIAEXAMPLE", "region": "eu-central-1", "az": "eu-central-1a", "endpoint": nowhere}
    openstack = {"auth_url": f"{nowhere}/v3", "username": "monitor", "project_name": "admin"}
    stack.secrets |= {"aws session": secrets.token_hex(16)}
    settings = {
        "aws": aws | {"secret_key": stack.new_secret("aws"), "session_token": stack.secrets["aws session"]},
        "openstack": openstack | {"password": stack.new_secret("openstack")},
    }
    for kind, values in settings.items():
        stack(503, "POST", "/api/v1/clouds", {"kind": kind, "name": kind, "settings": values}, admin)
        unknown = values | {"colour": stack.new_secret(f"unknown setting of {kind}")}
        stack(400, "POST", "/api/v1/clouds", {"kind": kind, "name": kind, "settings": unknown}, admin)
    simulated = {"password": stack.new_secret("simulated cloud")}
    stack(201, "POST", "/api/v1/clouds", {"kind": "memory", "name": "sim", "settings": simulated}, admin)
    other = {"settings": {"password": stack.new_secret("wrong password of the cloud")}}
    stack(502, "PUT", "/api/v1/clouds/sim", other, admin)
    stack(200, "POST", "/api/v1/clouds/sim/check", None, admin)
    for path in ("/api/v1/clouds", "/api/v1/clouds/sim", "/identity/v3/users", "/compute/v2.1/servers"):
        stack(200, "GET", path, None, admin)


def test_secrets_are_readable_nowhere(installation: Installation) -> None:
    admin, demo = use_passwords(installation)
    use_application_credential(installation, demo)
    use_clouds(installation, admin)
    installation.responses += [installation.cli("clouds", "list"), installation.cli("status")]
    contents = {f"response {number}": text.encode() for number, text in enumerate(installation.responses)}
    contents |= read_files(installation.cli.home) | read_arguments()
    assert {"stratiform.log", "stratiform.db", "stratiform.db-wal", "clouds/sim.db"} <= contents.keys()
    assert any(
        str(installation.cli.home).encode() in contents[name] for name in contents if name.startswith("arguments")
    )
    assert list(find_secrets(installation.secrets, contents)) == []


def read_files(home: Path) -> dict[str, bytes]:
    """Return the files of a home, without those that exist to hold secrets."""
    files = [file for file in home.rglob("*") if file.is_file() and file.name not in ("clouds.yaml", "openrc")]
    return {str(file.relative_to(home)): file.read_bytes() for file in files}


def read_arguments() -> dict[str, bytes]:
    """Return the arguments of every process."""
    arguments = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            arguments[f"arguments of {file.parent.name}"] = file.read_bytes().replace(b"\0", b" ")
    return arguments


def find_secrets(hidden: dict[str, str], contents: dict[str, bytes]) -> Iterator[str]:
    """Yield where a secret, or one of its parts, is readable or merely encoded."""
    for name, secret in hidden.items():
        forms = {*secret.split(",} "), quote(secret), base64.b64encode(secret.encode()).decode()}
        for location, content in contents.items():
            if any(form.encode() in content for form in forms):
                yield f"{name} in {location}"
