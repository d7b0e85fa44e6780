"""The official python-almanachclient 0.0.6, unmodified: its library and its command line, found by the catalog.

It is installed with the commands of `docs/howto/migrate-from-almanach.md`.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.services.identity.model import ListQuery as IdentityQuery
from stratiform.services.identity.model import RoleAssignment
from support.processes import clean_environment
from support.server import ADMIN_PASSWORD, Live, live_server

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "almanachclient"
PAGE = (ROOT / "docs" / "howto" / "migrate-from-almanach.md").read_text()

#: The commands of the page that install the client, without the last one, which uses it.
RECIPE = re.sub(
    r"^\$ ", "", PAGE[PAGE.index("$ python3 -m venv") : PAGE.index("$ almanach-client/bin/almanach")], flags=re.M
)

#: A program that uses the library.
LIBRARY = """
import json, sys
from datetime import datetime
from keystoneauth1 import session
from keystoneauth1.identity import v3
from almanachclient.exceptions import HTTPError
from almanachclient.v1.client import Client

auth, project = json.loads(sys.argv[1]), sys.argv[2]
signed_in = session.Session(auth=v3.Password(**auth))
client = Client(session=signed_in, token=signed_in.get_token(), region_name="RegionOne", endpoint_type="public")
ten, noon, two = (datetime(2026, 1, 1, hour) for hour in (10, 12, 14))
image = {"distro": "debian", "version": "12", "type": "linux"}
results = {
    "url": client.get_url(),
    "info": client.get_info()["info"],
    "type": client.create_volume_type("t-1", "fast"),
    "types": client.get_volume_types(),
    "get_type": client.get_volume_type("t-1"),
    "instance": client.create_instance(project, "i-1", "web", "m1.small", ten, image),
    "volume": client.create_volume(project, "v-1", "t-1", "data", 10, start=ten),
    "attach": client.attach_volume("v-1", ["i-1"], noon),
    "resize_volume": client.resize_volume("v-1", 20, noon),
    "resize_instance": client.resize_instance("i-1", "m1.big", noon),
    "updated": client.update_instance_entity("i-1", name="new", flavor="m1.huge"),
    "detach": client.detach_volume("v-1", [], two),
    "instances": client.get_instances(project, ten, two),
    "volumes": client.get_volumes(project, ten, two),
    "entities": len(client.get_tenant_entities(project, ten)),
    "delete_volume": client.delete_volume("v-1", two),
    "delete_instance": client.delete_instance("i-1", two),
    "entity": client.get_entity("i-1"),
    "delete_type": client.delete_volume_type("t-1"),
}
try:
    client.get_entity("nothing")
except HTTPError as error:
    results["error"] = str(error)
print(json.dumps(results))
"""


IMAGE = json.dumps({"distro": "debian"})


@pytest.fixture(scope="module")
def client() -> Path:
    """Return the environment of the client, which is installed once and cached until the commands change."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    installed = FOLDER / "installed"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not installed.exists() or installed.read_text() != RECIPE:
            shutil.rmtree(FOLDER / "almanach-client", ignore_errors=True)
            _install()
            installed.write_text(RECIPE)
    return FOLDER / "almanach-client"


def _install() -> None:
    environment = clean_environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    line = ["sh", "-e", "-c", RECIPE]
    process = subprocess.run(line, capture_output=True, text=True, check=False, cwd=FOLDER, env=environment)
    if process.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(
                f"python-almanachclient can't be installed, and CI=true allows no skipped test: {process.stderr}"
            )
        pytest.skip(f"python-almanachclient can't be installed: {process.stderr.strip()[-200:]}")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server whose admin is an operator with a token of the domain, as the command line requests it."""
    with live_server(tmp_path_factory.mktemp("live"), admin_project_name="") as server:
        identity = server.services.identity
        with server.services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, server.services.clock.now())
            user = identity.users.list(ctx, IdentityQuery({"name": "admin"})).items[0]
            role = identity.roles.list(ctx, IdentityQuery({"name": "admin"})).items[0]
            identity.role_assignments.grant(ctx, RoleAssignment(role.id, "user", user.id, "domain", "default"))
        yield server


@pytest.fixture
def project(live: Live) -> str:
    with live.services.database.read_transaction() as db:
        ctx = RequestContext(db, SYSTEM, live.services.clock.now())
        return live.services.identity.projects.list(ctx, IdentityQuery({"name": "demo"})).items[0].id


def run(client: Path, program: str, *line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the client's environment, without the settings of ours."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "ALMANACH_", "PYTHON"))}
    clean |= {"PYTHONWARNINGS": "ignore"} | environment
    return subprocess.run([client / "bin" / program, *line], capture_output=True, text=True, check=False, env=clean)


def test_the_library(client: Path, live: Live, project: str) -> None:
    auth = {
        "auth_url": f"{live.url}/identity/v3",
        "username": "admin",
        "password": ADMIN_PASSWORD,
        "user_domain_name": "Default",
        "project_name": "admin",
        "project_domain_name": "Default",
    }
    process = run(client, "python", "-c", LIBRARY, json.dumps(auth), project)
    assert process.returncode == 0, process.stderr
    results: dict[str, Any] = json.loads(process.stdout)
    succeeded = (
        "type",
        "instance",
        "volume",
        "attach",
        "resize_volume",
        "resize_instance",
        "detach",
        "delete_volume",
        "delete_instance",
        "delete_type",
    )
    assert [name for name in succeeded if results[name] is not True] == []
    assert results["url"] == f"{live.url}/almanach"
    assert results["info"] == {"version": "4.1.0"}
    assert results["types"] == [results["get_type"]] == [{"volume_type_id": "t-1", "volume_type_name": "fast"}]
    assert (results["updated"]["name"], results["updated"]["flavor"]) == ("new", "m1.huge")
    assert [entity["flavor"] for entity in results["instances"]] == ["m1.small", "m1.huge"]
    assert [(entity["size"], entity["attached_to"]) for entity in results["volumes"]] == [
        (10, []),
        (20, ["i-1"]),
        (20, []),
    ]
    assert results["entities"] == 5
    assert [entity["end"] for entity in results["entity"]] == ["2026-01-01 12:00:00+00:00", "2026-01-01 14:00:00+00:00"]
    assert results["error"] == "Entity not found (404)"


def test_the_command_line_uses_the_catalog(client: Path, live: Live, project: str) -> None:
    def almanach(*args: str) -> Any:
        """Return the rows of a list, or the final message of a command, which exits with 1."""
        process = run(
            client, "almanach", *args, OS_AUTH_URL=f"{live.url}/identity/v3", OS_USERNAME="admin",
            OS_PASSWORD=ADMIN_PASSWORD, OS_REGION_NAME="RegionOne",
        )  # fmt: skip
        if "json" in args:
            assert process.returncode == 0, process.stderr
            return json.loads(process.stdout)
        return process.stderr.strip()

    def succeed(*arguments: str) -> None:
        assert almanach(*arguments) == "Success"

    assert almanach("endpoint") == f"{live.url}/almanach"
    assert almanach("version") == "4.1.0"
    succeed("create-volume-type", "t-2", "slow")
    assert "slow" in almanach("list-volume-types", "-f", "json")[-1].values()
    succeed("create-instance", project, "i-2", "web", "m1.small", "2026-01-01 10:00", "--image-meta", IMAGE)
    succeed("create-volume", project, "v-2", "t-2", "data", "10", "--start", "2026-01-01 10:00")
    succeed("attach-volume", "v-2", "--date", "2026-01-01 11:00", "--attachment", "i-2")
    succeed("resize-volume", "v-2", "20", "--date", "2026-01-01 12:00")
    succeed("detach-volume", "v-2", "--date", "2026-01-01 13:00")
    succeed("resize-instance", "i-2", "m1.big", "--date", "2026-01-01 12:00")
    assert almanach("update", "instance", "i-2", "--name", "new", "--start", "2026-01-01 12:30", "-f", "json")
    succeed("delete-instance", "i-2", "--end", "2026-01-01 15:00")
    machine = almanach("get-entity", "i-2", "-f", "json")
    assert [(entity["Start"], entity["End"], entity["Name"]) for entity in machine] == [
        ("2026-01-01 10:00:00+00:00", "2026-01-01 12:00:00+00:00", "new"),
        ("2026-01-01 12:30:00+00:00", "2026-01-01 15:00:00+00:00", "new"),
    ]
    period = (project, "2026-01-01 00:00", "2026-01-02 00:00", "-f", "json")
    volumes = [volume for volume in almanach("list-volumes", *period) if volume["Volume ID"] == "v-2"]
    assert [(volume["Size"], volume["Type"]) for volume in volumes] == [
        ("10", "slow"),
        ("10", "slow"),
        ("20", "slow"),
        ("20", "slow"),
    ]
    assert almanach("list-instances", *period)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
    assert almanach("list-entities", project, "2026-01-01 00:00", "--end", now, "-f", "json")
