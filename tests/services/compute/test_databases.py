"""The same on SQLite, PostgreSQL and MariaDB: lists with every filter, paging by any key, a whole life."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.kit.pagination import Page
from stratiform.services.compute.model import ServerFilter
from support.servers import ServerBench, with_servers
from support.stacks import bench


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerBench]:
    home.mkdir(parents=True)
    made = bench(home, database_url)
    yield with_servers(made)
    made.services.database.close()


def test_a_whole_life(servers: ServerBench) -> None:
    server = servers.active(user_data="x" * 65_535, metadata={"ключ".encode().hex(): "✓"}, tags=("é", "E"))
    with servers.ctx() as ctx:
        servers.service.resize(ctx, server.id, "2")
    servers.work(2)
    with servers.ctx() as ctx:
        servers.service.confirm_resize(ctx, server.id)
        servers.service.stop(ctx, server.id)
    servers.work(1)
    assert servers.show(server.id).status == "SHUTOFF"
    with servers.ctx() as ctx:
        servers.service.delete_server(ctx, server.id)
    servers.work(1)
    assert servers.show(server.id).status == "DELETED"
    assert servers.machines() == []


def test_filters_and_pages(servers: ServerBench) -> None:
    for name, tags in (("Alpha", ("Blue",)), ("beta", ("red", "a b")), ("alphabet", ())):
        servers.of.clock.advance(1_000_000)
        servers.create(name=name, tags=tags)
    assert listed(servers) == ["alphabet", "beta", "Alpha"]
    assert listed(servers, name="^[Aa]lpha") == ["alphabet", "Alpha"]
    assert listed(servers, name="ALPHA") == []
    assert listed(servers, tags=("Blue",)) == ["Alpha"]
    assert listed(servers, tags=("blue",)) == []
    assert listed(servers, tags=("a b",)) == ["beta"]
    assert listed(servers, tags_any=("Blue", "red")) == ["beta", "Alpha"]
    assert listed(servers, not_tags_any=("Blue", "red")) == ["alphabet"]
    assert listed(servers, states=((frozenset({"building"}), frozenset()),)) == ["alphabet", "beta", "Alpha"]
    assert listed(servers, states=()) == []
    assert listed(servers, ip=r"^10\.") == ["alphabet", "beta", "Alpha"]
    assert listed(servers, ip="^172") == []
    for key in ("created_at", "display_name", "launched_at", "key_name", "uuid", "vm_state"):
        assert len(paged(servers, (key, "desc"))) == 3, key
    assert paged(servers, ("display_name", "asc")) == ["Alpha", "alphabet", "beta"]


def listed(servers: ServerBench, **wanted: object) -> list[str]:
    with servers.ctx() as ctx:
        return [one.name for one in servers.service.servers(ctx, ServerFilter(**wanted), Page()).items]  # type: ignore[arg-type]  # given by name, checked by the dataclass


def paged(servers: ServerBench, *sort: tuple[str, str]) -> list[str]:
    names: list[str] = []
    marker = None
    while True:
        with servers.ctx() as ctx:
            part = servers.service.servers(ctx, ServerFilter(sort=sort), Page(1, marker))
        names += [one.name for one in part.items]
        if not part.more:
            return names
        marker = part.items[-1].id
