"""Sweeps delete what no row of this installation owns, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import delete, update

from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable
from stratiform.contract.network import SubnetSpec
from stratiform.contract.volume import VolumeSpec
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Forbidden, NotFound
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.clouds.model import Cloud
from stratiform.services.compute.service.sweeps import SweepResult
from stratiform.services.network.tables import native_subnets_table
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness, customer


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerHarness]:
    home.mkdir(parents=True)
    stack = build_harness(home, database_url)
    yield with_servers(stack)
    stack.services.database.close()


def open_sweep(servers: ServerHarness, caller: Caller = SYSTEM) -> tuple[RequestContext, Cloud]:
    """Return a context whose transaction has ended, and the cloud."""
    services = servers.harness.services
    with services.database.read_transaction() as db:
        return servers.harness.ctx(db, caller), services.clouds.accounts.get_by_id(db, servers.cloud_id)


def sweep(servers: ServerHarness) -> SweepResult:
    return servers.compute.sweeps.list_unowned(*open_sweep(servers))


def create_unowned(servers: ServerHarness) -> dict[str, str]:
    """Create a server, a volume and a subnet for rows of another database; return their native ids by type."""
    cloud = servers.cloud
    assert cloud.volume is not None
    assert cloud.network is not None
    size = ServerSize(1, 512, 1)
    return {
        "server": servers.cloud_compute.create(ServerSpec(str(uuid4()), "lost", size, "memory-cirros")).id,
        "volume": cloud.volume.create(VolumeSpec(str(uuid4()), "lost", 1)).id,
        "subnet": cloud.network.ensure_subnet(
            SubnetSpec(str(uuid4()), str(uuid4()), "lost", "10.9.0.0/24", "10.9.0.1")
        ).id,
    }


def test_only_resources_without_a_row_are_listed(servers: ServerHarness) -> None:
    servers.create_active()
    deleted = servers.create_active()
    servers.create_volume()
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, deleted.id)
    servers.run_worker(2)
    owned = sweep(servers)
    assert owned.unowned == []
    assert owned.tagged >= 3, "a server, a volume and a subnet"
    unowned = create_unowned(servers)
    result = sweep(servers)
    assert result.tagged == owned.tagged + 3
    assert {item.resource_type: item.native_id for item in result.unowned} == unowned


def test_subnets_of_other_entries_of_the_account_are_owned(servers: ServerHarness) -> None:
    servers.create_active()
    assert sweep(servers).tagged == 2, "a server and a subnet"
    with servers.ctx() as ctx:
        ctx.db.execute(update(native_subnets_table).values(cloud_id="another entry"))
    assert sweep(servers).unowned == []
    with servers.ctx() as ctx:
        ctx.db.execute(delete(native_subnets_table))
    assert sweep(servers).unowned == [], "the subnet itself exists"


def test_selected_resources_are_deleted(servers: ServerHarness) -> None:
    server = servers.create_active()
    unowned = create_unowned(servers)
    ctx, cloud = open_sweep(servers)
    results = servers.compute.sweeps.delete(ctx, cloud, [unowned["server"], unowned["subnet"]])
    assert [(item.resource_type, error) for item, error in results] == [("server", ""), ("subnet", "")]
    assert [item.resource_type for item in sweep(servers).unowned] == ["volume"]
    assert [native.token for native in servers.native_servers() if native.id != unowned["server"]] == [server.id]


def test_owned_resources_are_never_deleted(servers: ServerHarness) -> None:
    server = servers.create_active()
    unowned = create_unowned(servers)
    ctx, cloud = open_sweep(servers)
    with pytest.raises(NotFound, match=server.native_id):
        servers.compute.sweeps.delete(ctx, cloud, [unowned["volume"], server.native_id])
    assert len(sweep(servers).unowned) == 3


def test_rejected_deletion_is_reported(servers: ServerHarness) -> None:
    unowned = create_unowned(servers)
    servers.harness.clock.advance(60_000_000)
    servers.cloud_compute.attach_volume(unowned["server"], unowned["volume"], "/dev/vdb")
    servers.harness.clock.advance(60_000_000)
    ctx, cloud = open_sweep(servers)
    [(resource, error)] = servers.compute.sweeps.delete(ctx, cloud, [unowned["volume"]])
    assert resource.native_id == unowned["volume"]
    assert "attached" in error


def test_wrongly_empty_or_failed_list_deletes_nothing(servers: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    unowned = create_unowned(servers)
    ctx, cloud = open_sweep(servers)
    with monkeypatch.context() as patch:
        patch.setattr(type(servers.cloud_compute), "list", lambda _: iter(()))
        with pytest.raises(NotFound):
            servers.compute.sweeps.delete(ctx, cloud, [*unowned.values()])

    def fail(_self: object) -> None:
        raise CloudUnreachable("no response")

    with monkeypatch.context() as patch:
        patch.setattr(type(servers.cloud_compute), "list", fail)
        with pytest.raises(CloudUnreachable):
            servers.compute.sweeps.delete(ctx, cloud, [unowned["volume"]])
    assert len(sweep(servers).unowned) == 3


def test_sweeps_are_for_operators(servers: ServerHarness) -> None:
    ctx, cloud = open_sweep(servers, customer("p1"))
    with pytest.raises(Forbidden):
        servers.compute.sweeps.list_unowned(ctx, cloud)
    with pytest.raises(Forbidden):
        servers.compute.sweeps.delete(ctx, cloud, [])
