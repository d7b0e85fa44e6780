"""Upgrade of the simulated cloud's file from earlier schema versions."""

import sqlite3
from pathlib import Path

import pytest

from stratiform.connectors.memory.schema_versions import VERSIONS
from stratiform.contract.compute import NativeServerState, ServerSize
from stratiform.contract.connector import AccountInfo
from stratiform.kit.clock import HOUR_US, ManualClock

from .conftest import Connect

SIZE = '{"vcpus":1,"ram_mib":512,"disk_gib":1,"native":"tiny"}'


def write_file(file: Path, version: int, now: int) -> None:
    """Write a file of an earlier version with a running server that has a volume, an address and console output."""
    file.parent.mkdir()
    db = sqlite3.connect(file)
    for statements in VERSIONS[:version]:
        for statement in statements:
            db.execute(statement)
    db.execute(
        "INSERT INTO machines (token, installation, name, size, vcpus, image, public_key, user_data, metadata, zone,"
        " created_at, launched_at, during, state, ready_at)"
        " VALUES ('t1', 'installation-1', 'web-1', ?, 1, 'memory-debian-12', '', '', '{}', 'zone-1', ?, ?,"
        " 'building', 'running', ?)",
        (SIZE, now, now, now),
    )
    db.execute(
        "INSERT INTO disks (token, installation, name, size_gib, native_type, image, metadata, zone, created_at,"
        " ready_at, machine, device) VALUES ('v1', 'installation-1', 'data', 1, 'standard', '', '{}', 'zone-1', ?, ?,"
        " 'm-00000001', '/dev/vdb')",
        (now, now),
    )
    db.execute("INSERT INTO nics (machine, subnet, address, mac) VALUES ('m-00000001', 's-1', '10.0.0.5', '')")
    db.execute("INSERT INTO console (machine, at, line) VALUES ('m-00000001', ?, 'hello')", (now,))
    db.execute(f"PRAGMA user_version = {version}")
    db.commit()
    db.close()


@pytest.mark.parametrize("version", [1, 2])
def test_upgrade_keeps_all_data(version: int, connect: Connect, clock: ManualClock, tmp_path: Path) -> None:
    file, start = tmp_path / "clouds" / "memory.db", clock.now()
    write_file(file, version, start)
    clock.advance(HOUR_US)
    cloud = connect()
    assert cloud.compute is not None
    assert cloud.volume is not None
    assert cloud.usage is not None
    assert cloud.check_credentials() == AccountInfo("memory:memory", ("zone-1",))
    (server,) = cloud.compute.list()
    assert (server.token, server.state, server.addresses) == ("t1", NativeServerState.RUNNING, ("10.0.0.5",))
    assert server.size == ServerSize(1, 512, 1, "tiny")
    (volume,) = cloud.volume.list()
    assert (volume.server_id, server.volume_ids) == (server.id, (volume.id,))
    assert cloud.compute.get_console_output(server.id) == "hello\n"
    samples = list(cloud.usage.list_samples({"period_s": 60}, start, clock.now()))
    assert {sample.source for sample in samples} == {server.id}
    cloud.compute.stop(server.id)
    clock.advance(HOUR_US)
    assert list(cloud.usage.list_samples({"period_s": 60}, start, start + HOUR_US)) == samples
    cloud.client.close()
    db = sqlite3.connect(file)
    assert db.execute("PRAGMA user_version").fetchone() == (len(VERSIONS),)
    db.close()
