"""The wire, the faults and the file of the simulated cloud."""

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

MAKER = """
import sys
from itertools import count
from pathlib import Path
from stratiform.connectors.memory.connector import connector
from stratiform.contract.compute import MachineSpec, Size
from stratiform.contract.connector import CloudAccount, Place
from stratiform.kit.clock import SystemClock

home, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
cloud = connector.connect(CloudAccount("c1", "memory", {}), Place("here", home, SystemClock()))
for number in range(first, last):
    cloud.compute.create(MachineSpec(f"t{number}", "web", Size(1, 512, 1), "memory-debian-12"))
    print(number, flush=True)
"""


def create(cloud: MemoryCloud, token: str = "t1", vcpus: int = 1) -> str:
    assert cloud.compute is not None
    return cloud.compute.create(ServerSpec(token, "web", ServerSize(vcpus, 512, 1), "memory-debian-12")).id


def outcomes(cloud: MemoryCloud, calls: int) -> list[bool]:
    """Whether each of so many calls was answered."""
    answered = []
    for _ in range(calls):
        try:
            cloud.check()
        except CloudUnreachable:
            answered.append(False)
        else:
            answered.append(True)
    return answered


def test_nothing_is_asked_or_written_before_it_is_used(connect: Connect, tmp_path: Path) -> None:
    connect()
    assert list(tmp_path.iterdir()) == []


def test_two_that_connect_share_one_cloud(connect: Connect) -> None:
    machine = create(connect())
    other = connect().compute
    assert other is not None
    assert other.show(machine).token == "t1"


def test_a_refused_call_has_no_effect(connect: Connect) -> None:
    cloud = connect(fail_percent="100")
    with pytest.raises(CloudThrottled):
        create(cloud)
    assert cloud.client.history() == {}


def test_a_lost_answer_has_taken_effect_and_is_found_again(connect: Connect) -> None:
    cloud = connect(lose_percent="100")
    with pytest.raises(CloudUnreachable):
        create(cloud)
    assert cloud.client.history() == {"t1": 1}
    create(connect())
    assert cloud.client.history() == {"t1": 1}


def test_faults_are_set_while_it_runs_for_everyone(connect: Connect) -> None:
    one, two = connect(), connect()
    one.client.set_faults(fail_percent=100)
    with pytest.raises(CloudThrottled):
        two.check()
    one.client.clear_faults()
    two.check()
    with pytest.raises(Invalid, match="no_such"):
        one.client.set_faults(no_such=1)


def test_exactly_so_many_calls_fail_or_are_lost(connect: Connect) -> None:
    cloud = connect()
    cloud.client.set_faults(fail_next=2, lose_next=1)
    assert outcomes(cloud, 5) == [False, False, False, True, True]


def test_a_refusal_is_not_lost_and_changes_nothing(connect: Connect) -> None:
    cloud = connect(capacity_vcpus="1")
    with pytest.raises(InsufficientCapacity):
        create(cloud, vcpus=2)
    assert cloud.client.history() == {}


def test_a_seed_makes_the_same_faults_again(connect: Connect) -> None:
    seeded = [outcomes(connect(seed="7", fail_percent="50"), 30) for _ in range(2)]
    assert seeded[0] == seeded[1]
    assert {True, False} == set(seeded[0])
    assert outcomes(connect(seed="8", fail_percent="50"), 30) != seeded[0]


def test_capacity_counts_machines_until_they_are_gone(connect: Connect, clock: ManualClock) -> None:
    cloud = connect(capacity_vcpus="2")
    assert cloud.compute is not None
    first = create(cloud, "t1", vcpus=2)
    with pytest.raises(InsufficientCapacity, match="1 vCPUs asked, 0 free"):
        create(cloud, "t2")
    cloud.compute.delete(first)
    with pytest.raises(InsufficientCapacity):
        create(cloud, "t2")
    clock.advance(50_000)
    create(cloud, "t2")


def test_every_call_takes_its_time(connect: Connect) -> None:
    cloud = connect(call_ms="30")
    began = time.monotonic()
    cloud.check()
    assert time.monotonic() - began >= 0.03


def test_the_first_password_is_the_accounts(connect: Connect) -> None:
    connect(password="right").check()
    for wrong in ("wrong", ""):
        with pytest.raises(CredentialsRejected) as told:
            connect(password=wrong).check()
        assert "wrong" not in told.value.message
    connect(password="right").check()


def test_a_changed_password_rejects_who_was_connected(connect: Connect) -> None:
    cloud = connect(password="old")
    cloud.check()
    cloud.client.change_password("new")
    with pytest.raises(CredentialsRejected):
        cloud.check()
    connect(password="new").check()


def test_its_file_is_its_owners_alone_and_holds_no_password(connect: Connect, tmp_path: Path) -> None:
    cloud = connect(password="a-long-password")
    create(cloud)
    cloud.client.close()
    files = list((tmp_path / "clouds").iterdir())
    assert [file.name for file in files] == ["memory.db"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert all(b"a-long-password" not in file.read_bytes() for file in files)


def test_a_file_that_can_not_be_opened_is_a_cloud_that_does_not_answer(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "clouds").write_text("in the way")
    with pytest.raises(CloudUnreachable):
        connect().check()


def test_a_file_that_is_something_else_is_a_cloud_that_does_not_answer(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "clouds").mkdir()
    (tmp_path / "clouds" / "memory.db").write_text("no database" * 1000)
    with pytest.raises(CloudUnreachable):
        connect().check()


def test_processes_that_come_first_at_the_same_time_make_one_cloud(tmp_path: Path) -> None:
    line = [sys.executable, "-c", MAKER, str(tmp_path), "0", "20"]
    makers = [subprocess.Popen(line, stdout=subprocess.DEVNULL) for _ in range(4)]
    assert [maker.wait(60) for maker in makers] == [0] * 4
    cloud = connector.connect(CloudAccount("c1", "memory", {}), Installation("here", tmp_path, SystemClock()))
    assert cloud.client.history() == {f"t{number}": 1 for number in range(20)}


def test_a_kill_leaves_a_whole_cloud_in_which_nothing_is_doubled(tmp_path: Path) -> None:
    told = 0
    for life in range(3):
        line = [sys.executable, "-c", MAKER, str(tmp_path), str(told), "100000"]
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as maker:
            assert maker.stdout is not None
            for _ in range(25 + life):
                told = int(maker.stdout.readline())
            maker.send_signal(signal.SIGKILL)
            told = max([told, *(int(rest) for rest in maker.stdout.read().split())])
        assert maker.returncode == -signal.SIGKILL
    cloud = connector.connect(CloudAccount("c1", "memory", {}), Installation("here", tmp_path, SystemClock()))
    history = cloud.client.history()
    assert set(history.values()) == {1}
    assert {f"t{number}" for number in range(told + 1)} <= set(history)
    assert cloud.compute is not None
    assert len(list(cloud.compute.list())) == len(history)
    with sqlite3.connect(tmp_path / "clouds" / "memory.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
