"""`stratiform usage names`."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import parse_iso
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator."""
    service_harness.clock.at = parse_iso("2026-11-10T01:00:00")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


def run(*args: str) -> str:
    result = CliRunner().invoke(usage.app, ["names", *args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_name_is_set_and_listed(api: Rest) -> None:
    output = run("set", "volume_type", "t1", "fast", "--cloud", "lab", "--from", "2026-11-01T00:00:00Z")
    assert output == "volume_type t1 in cloud lab is named fast from 2026-11-01T00:00:00.000000Z\n"
    assert run("set", "image", "i1", "debian") == "image i1 is named debian from 2026-11-10T01:00:00.000000Z\n"
    rows = [line.split() for line in run("list", "--resource-type", "volume_type").splitlines()]
    assert rows[1:] == [["volume_type", "t1", "lab", "fast", "2026-11-01T00:00:00.000000Z"]]
    assert len(run("list").splitlines()) == 3
