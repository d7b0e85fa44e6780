"""The `clouds.yaml` for customers in README signs in, and the dashboard is where README states."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import openstack
import pytest
import yaml

from support.ports import free_port
from support.programs import Cli

README = Path(__file__).parents[2] / "README.md"
PASSWORD = "a long password of alice"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The URL of an installation with the customer of README."""
    cli, port = Cli(tmp_path / "home"), free_port()
    try:
        cli("up", "--detach", "--port", port)
        admin = cli.connect("stratiform-admin")
        admin.create_project("acme", domain_id="default")
        admin.create_user("alice", password=PASSWORD, domain_id="default")
        admin.grant_role("member", user="alice", project="acme")
        yield f"http://127.0.0.1:{port}"
    finally:
        cli.stop()


def test_the_entry_for_customers_signs_in(url: str) -> None:
    (block,) = re.findall(r"```yaml\n(clouds:\n.*?)```", README.read_text(), re.DOTALL)
    entry = yaml.safe_load(block.replace("http://127.0.0.1:8780", url).replace("…", PASSWORD))["clouds"]["acme"]
    connection = openstack.connection.Connection(**entry)
    assert [server.name for server in connection.compute.servers()] == []
    assert connection.session.get_project_id() is not None
    assert "<form" in urlopen(f"{url}/dashboard").read().decode()
