"""Connections: credentials, caching and encryption keys."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CredentialsRejected
from stratiform.kit.errors import Invalid
from stratiform.services.clouds.errors import CloudNotFound
from stratiform.services.clouds.model import Cloud

from .conftest import Fixture


def memory_cloud(fixture: Fixture, cloud: Cloud) -> MemoryCloud:
    return cast("MemoryCloud", fixture.clouds.connections.get(cloud.id))


def test_check_returns_identity_and_zones(fixture: Fixture) -> None:
    cloud = fixture.add(zones="a,b")
    account = fixture.clouds.credential_checks.check(fixture.closed_ctx(), cloud)
    assert (account.identity, account.zones) == ("memory:memory", ("a", "b"))


def test_check_uses_the_secrets(fixture: Fixture) -> None:
    cloud = fixture.add(password="right")
    fixture.clouds.credential_checks.check(fixture.closed_ctx(), cloud)
    memory_cloud(fixture, cloud).client.change_password("another")
    with pytest.raises(CredentialsRejected):
        fixture.clouds.credential_checks.check(fixture.closed_ctx(), cloud)


def test_check_is_refused_inside_a_transaction(fixture: Fixture) -> None:
    cloud = fixture.add()
    with fixture.database.read_transaction() as db, pytest.raises(RuntimeError, match="open transaction"):
        fixture.clouds.credential_checks.check(fixture.ctx(db), cloud)


def test_secrets_survive_key_rotation_but_not_key_loss(fixture: Fixture, tmp_path: Path) -> None:
    cloud = fixture.add(password="right")
    fixture.keys.rotate()
    fixture.second_process().connections.get(cloud.id)
    shutil.rmtree(tmp_path / "home" / "keys")
    fixture.keys.create()
    fixture.keys.rotate()
    with pytest.raises(Invalid, match="'memory' cannot be decrypted"):
        fixture.second_process().connections.get(cloud.id)


def test_every_process_uses_updated_credentials(any_fixture: Fixture) -> None:
    f = any_fixture
    cloud, other = f.add(password="old"), f.second_process()
    before = memory_cloud(f, cloud)
    before.check_credentials()
    assert other.connections.get(cloud.id) is other.connections.get(cloud.id)
    before.client.change_password("new")
    with f.database.transaction() as db:
        updated = f.clouds.accounts.update(f.ctx(db), cloud.id, {"password": "new", "latency_ms": "7"})
    assert (updated.revision, updated.settings) == (2, {"latency_ms": "7"})
    for clouds in (f.clouds, other):
        assert clouds.connections.get(cloud.id) is not before
        clouds.connections.get(cloud.id).check_credentials()
    with pytest.raises(CredentialsRejected):
        before.check_credentials()


def test_one_connection_per_process(fixture: Fixture) -> None:
    cloud = fixture.add()
    with ThreadPoolExecutor(8) as pool:
        connections = list(pool.map(lambda _: fixture.clouds.connections.get(cloud.id), range(32)))
    assert connections[-1] is fixture.clouds.connections.get(cloud.id)
    with pytest.raises(CloudNotFound):
        fixture.clouds.connections.get("nowhere")
