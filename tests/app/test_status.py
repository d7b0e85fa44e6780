"""`stratiform status` reports only what it has checked."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.app.program_status import StatusFile
from stratiform.app.status_command import show_status
from stratiform.interfaces.amqp.bus_status import BusStatus
from stratiform.interfaces.cli.output import Format
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import SECOND_US, ManualClock
from support.bus import BusNames, Proxy
from support.ledger import recorded
from support.ports import free_port
from support.processes import wait_until
from support.programs import Cli, copy_home

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def cli(tmp_path: Path, stopped_home: Path) -> Iterator[Cli]:
    """A home that was started once and stopped."""
    cli = Cli(tmp_path / "home")
    copy_home(stopped_home, cli.home)
    yield cli
    cli.stop()


def rows(cli: Cli, heading: str) -> list[str]:
    """Return the rows of `status` with a heading; the second line of a bus is appended after a semicolon."""
    lines = cli("status").replace("\n           ", "; ").splitlines()
    return [line for line in lines if line.split()[0] == heading]


def start(cli: Cli, settings: str = "") -> None:
    (cli.home / "stratiform.toml").write_text(settings)
    cli("up", "--detach")
    wait_until((cli.home / "collector.json").exists, "the collector wrote no status")


def test_bus_that_never_answered_is_down_since_the_start(cli: Cli) -> None:
    url = f"127.0.0.1:{free_port()}"
    start(cli, f'collector_url = "rabbit://guest:hunter2@{url}/"\ncollector_cloud = "north"\n')
    expected = rf"bus        rabbit://{url}/ \(cloud north\): down since {TIME}: Connection refused; 0 messages stored"
    wait_until(lambda: re.fullmatch(expected, rows(cli, "bus")[0]), "the bus is not reported as down")
    first = rows(cli, "bus")
    assert "hunter2" not in cli("status")
    api, worker, collector = json.loads(cli("status", "-f", "json"))["programs"]
    assert (api["status"], api["responds"], worker["failure"]) == ("running", True, None)
    (bus,) = collector["buses"]
    assert (bus["cloud"], bus["is_connected"], bus["error"], bus["stored"]) == ("north", False, "Connection refused", 0)
    assert f"down since {bus['since']}: " in first[0]
    assert rows(cli, "bus") == first, "it is down since the same time"


def test_bus_is_connected_with_its_lag_and_then_down(cli: Cli, names: BusNames) -> None:
    proxy = Proxy()
    start(
        cli,
        f'collector_url = "rabbit://guest:guest@127.0.0.1:{proxy.port}/"\n'
        f'collector_topics = ["{names.topic}"]\ncollector_exchanges = ["{names.exchange}"]\n'
        f'collector_pool = "{names.pool}"\n',
    )
    wait_until(lambda: "connected since" in rows(cli, "bus")[0], "the bus is not reported as connected")
    names.publish([line for line in recorded() if line][:3])
    stored = rf"connected since {TIME}; 3 messages stored, the last one sent at {TIME}, lag \d+\.\d s$"
    wait_until(lambda: re.search(stored, rows(cli, "bus")[0]), "the messages are not reported as stored")
    proxy.close()
    wait_until(lambda: re.search(rf"down since {TIME}: .+; 3 messages stored", rows(cli, "bus")[0]), "still connected")


def test_collector_without_a_bus_does_not_claim_to_collect(cli: Cli) -> None:
    start(cli)
    assert rows(cli, "collector")[0].endswith("; no message bus is configured")
    assert rows(cli, "bus") == []
    cli("down")
    stopped = json.loads(cli("status", "-f", "json", exit_code=3))
    assert [program["status"] for program in stopped["programs"]] == ["not running"] * 3
    assert not (cli.home / "collector.json").exists()
    assert not (cli.home / "worker.json").exists()


def test_api_that_does_not_respond_is_reported(cli: Cli) -> None:
    start(cli)
    assert re.search(r"; responds at http://127\.0\.0\.1:\d+$", rows(cli, "api")[0])
    pid = int((cli.home / "api.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        assert re.search(r"; does not respond at http://127\.0\.0\.1:\d+$", rows(cli, "api")[0])
    finally:
        os.kill(pid, signal.SIGCONT)


def test_worker_without_its_database_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stratiform.app.home_folder.list_running_programs", lambda _home: {"worker": os.getpid()})
    monkeypatch.setattr(session, "home", tmp_path)
    file = StatusFile(tmp_path, "worker")
    file.write_failure(("the database is not available", 0))
    show_status(Format.json)
    worker = json.loads(capsys.readouterr().out)["programs"][1]
    assert worker["failure"] == {"reason": "the database is not available", "since": "1970-01-01T00:00:00Z"}
    for failure, expected in (
        (("the database is not available", 0), "; failing since 1970-01-01T00:00:00Z: the database is not"),
        (None, " MiB\n"),
    ):
        file.write_failure(failure)
        show_status()
        assert expected in capsys.readouterr().out
    file.delete()
    show_status()
    assert "; status unknown" in capsys.readouterr().out


def test_state_of_a_bus_keeps_since_when_it_is_down_or_not_stored() -> None:
    clock = ManualClock()
    status, started = BusStatus("rabbit://bus/", "north", clock), clock.now()
    clock.advance(SECOND_US)
    status.set_disconnected("Connection refused")
    assert (status.state.is_connected, status.state.since) == (False, started)
    clock.advance(SECOND_US)
    status.set_connected()
    assert (status.state.is_connected, status.state.since, status.state.error) == (True, clock.now(), "")
    status.set_not_stored("full")
    failed = clock.now()
    clock.advance(SECOND_US)
    status.set_not_stored("still full")
    assert (status.state.not_stored_since, status.state.storage_error) == (failed, "still full")
    status.add_stored(2, clock.now() - 5 * SECOND_US)
    state = status.state
    assert (state.stored, state.lag_us, state.not_stored_since) == (2, 5 * SECOND_US, None)
