"""Client of the simulated cloud: faults, credentials, and its file."""

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stratiform.connectors.memory.connector import MemoryCloud, connector
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.contract.errors import CloudThrottled, CloudUnreachable, CredentialsRejected, InsufficientCapacity
from stratiform.kit.clock import ManualClock, SystemClock
from stratiform.kit.errors import Invalid

from .conftest import Connect

#: Creates servers with consecutive tokens and prints the number of each.
CREATOR = """
import sys
from pathlib import Path
from stratiform.connectors.memory.connector import connector
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SystemClock

home, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
cloud = connector.connect(CloudAccount("c1", "memory", {}), Installation("installation-1", home, SystemClock()))
for number in range(first, last):
    cloud.compute.create(ServerSpec(f"t{number}", "web", ServerSize(1, 512, 1), "memory-debian-12"))
    print(number, flush=True)
"""


def create_server(cloud: MemoryCloud, token: str = "t1", vcpus: int = 1) -> str:
    assert cloud.compute is not None
    return cloud.compute.create(ServerSpec(token, "web", ServerSize(vcpus, 512, 1), "memory-debian-12")).id


def send_requests(cloud: MemoryCloud, count: int) -> list[bool]:
    """Return for each of `count` requests whether there was a response."""
    results = []
    for _ in range(count):
        try:
            cloud.check_credentials()
        except CloudUnreachable:
            results.append(False)
        else:
            results.append(True)
    return results


def test_connect_sends_no_request_and_writes_no_file(connect: Connect, tmp_path: Path) -> None:
    connect()
    assert list(tmp_path.iterdir()) == []


def test_connections_share_one_cloud(connect: Connect) -> None:
    server_id = create_server(connect())
    other = connect().compute
    assert other is not None
    assert other.get(server_id).token == "t1"


def test_failed_request_has_no_effect(connect: Connect) -> None:
    cloud = connect(fail_percent="100")
    with pytest.raises(CloudThrottled):
        create_server(cloud)
    assert cloud.client.count_created() == {}


def test_request_with_lost_response_takes_effect_once(connect: Connect) -> None:
    cloud = connect(lose_percent="100")
    with pytest.raises(CloudUnreachable):
        create_server(cloud)
    assert cloud.client.count_created() == {"t1": 1}
    create_server(connect())
    assert cloud.client.count_created() == {"t1": 1}


def test_set_faults_changes_all_connections(connect: Connect) -> None:
    first, second = connect(), connect()
    first.client.set_faults(fail_percent=100)
    with pytest.raises(CloudThrottled):
        second.check_credentials()
    first.client.clear_faults()
    second.check_credentials()
    with pytest.raises(Invalid, match="no_such"):
        first.client.set_faults(no_such=1)


def test_fail_next_and_lose_next_count_requests(connect: Connect) -> None:
    cloud = connect()
    cloud.client.set_faults(fail_next=2, lose_next=1)
    assert send_requests(cloud, 5) == [False, False, False, True, True]


def test_rejected_request_changes_nothing(connect: Connect) -> None:
    cloud = connect(capacity_vcpus="1")
    with pytest.raises(InsufficientCapacity):
        create_server(cloud, vcpus=2)
    assert cloud.client.count_created() == {}


def test_seed_makes_faults_reproducible(connect: Connect) -> None:
    first, second = (send_requests(connect(seed="7", fail_percent="50"), 30) for _ in range(2))
    assert first == second
    assert set(first) == {True, False}
    assert send_requests(connect(seed="8", fail_percent="50"), 30) != first


def test_capacity_includes_servers_until_their_deletion_is_complete(connect: Connect, clock: ManualClock) -> None:
    cloud = connect(capacity_vcpus="2")
    assert cloud.compute is not None
    first = create_server(cloud, "t1", vcpus=2)
    with pytest.raises(InsufficientCapacity, match="1 vCPUs requested, 0 free"):
        create_server(cloud, "t2")
    cloud.compute.delete(first)
    with pytest.raises(InsufficientCapacity):
        create_server(cloud, "t2")
    clock.advance(50_000)
    create_server(cloud, "t2")


def test_call_ms_delays_requests(connect: Connect) -> None:
    cloud = connect(call_ms="30")
    start = time.monotonic()
    cloud.check_credentials()
    assert time.monotonic() - start >= 0.03


def test_first_connection_sets_the_password(connect: Connect) -> None:
    connect(password="right").check_credentials()
    for password in ("wrong", ""):
        with pytest.raises(CredentialsRejected) as raised:
            connect(password=password).check_credentials()
        assert "wrong" not in raised.value.message
    connect(password="right").check_credentials()


def test_changed_password_rejects_existing_connections(connect: Connect) -> None:
    cloud = connect(password="old")
    cloud.check_credentials()
    cloud.client.change_password("new")
    with pytest.raises(CredentialsRejected):
        cloud.check_credentials()
    connect(password="new").check_credentials()


def test_file_is_private_and_does_not_contain_the_password(connect: Connect, tmp_path: Path) -> None:
    cloud = connect(password="a-long-password")
    create_server(cloud)
    cloud.client.close()
    files = list((tmp_path / "clouds").iterdir())
    assert [file.name for file in files] == ["memory.db"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert all(b"a-long-password" not in file.read_bytes() for file in files)


def test_cloud_is_unreachable_if_its_file_cannot_be_created(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "clouds").write_text("a file instead of a directory")
    with pytest.raises(CloudUnreachable):
        connect().check_credentials()


def test_cloud_is_unreachable_if_its_file_is_not_a_database(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "clouds").mkdir()
    (tmp_path / "clouds" / "memory.db").write_text("not a database" * 1000)
    with pytest.raises(CloudUnreachable):
        connect().check_credentials()


def test_processes_that_start_together_create_one_cloud(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CREATOR, str(tmp_path), "0", "20"]
    processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    installation = Installation("installation-1", tmp_path, SystemClock())
    cloud = connector.connect(CloudAccount("c1", "memory", {}), installation)
    assert cloud.client.count_created() == {f"t{number}": 1 for number in range(20)}


def test_killed_processes_leave_a_consistent_cloud_without_duplicates(tmp_path: Path) -> None:
    last = 0
    for kill in range(3):
        command = [sys.executable, "-c", CREATOR, str(tmp_path), str(last), "100000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(25 + kill):
                last = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            last = max([last, *(int(number) for number in process.stdout.read().split())])
        assert process.returncode == -signal.SIGKILL
    installation = Installation("installation-1", tmp_path, SystemClock())
    cloud = connector.connect(CloudAccount("c1", "memory", {}), installation)
    created = cloud.client.count_created()
    assert set(created.values()) == {1}
    assert {f"t{number}" for number in range(last + 1)} <= set(created)
    assert cloud.compute is not None
    assert len(list(cloud.compute.list())) == len(created)
    db = sqlite3.connect(tmp_path / "clouds" / "memory.db")
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
