"""Servers on SQLite, PostgreSQL and MariaDB: lifecycle, filters, and paging by every kind of sort key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.kit.pagination import Page
from stratiform.services.compute.model import ServerFilter, StatusStates
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerHarness]:
    home.mkdir(parents=True)
    stack = build_harness(home, database_url)
    yield with_servers(stack)
    stack.services.database.close()


def test_server_lifecycle(servers: ServerHarness) -> None:
    server = servers.create_active(user_data="x" * 65_535, metadata={"ключ".encode().hex(): "✓"}, tags=("é", "E"))
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "2")
    servers.run_worker(2)
    with servers.ctx() as ctx:
        servers.compute.server_actions.confirm_resize(ctx, server.id)
        servers.compute.server_actions.stop(ctx, server.id)
    servers.run_worker(1)
    assert servers.get(server.id).status == "SHUTOFF"
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    servers.run_worker(1)
    assert servers.get(server.id).status == "DELETED"
    assert servers.native_servers() == []


def test_filters_and_paging(servers: ServerHarness) -> None:
    for name, tags in (("Alpha", ("Blue",)), ("beta", ("red", "a b")), ("alphabet", ())):
        servers.harness.clock.advance(1_000_000)
        servers.create(name=name, tags=tags)
    assert list_names(servers) == ["alphabet", "beta", "Alpha"]
    assert list_names(servers, name="^[Aa]lpha") == ["alphabet", "Alpha"]
    assert list_names(servers, name="ALPHA") == []
    assert list_names(servers, tags=("Blue",)) == ["Alpha"]
    assert list_names(servers, tags=("blue",)) == []
    assert list_names(servers, tags=("a b",)) == ["beta"]
    assert list_names(servers, tags_any=("Blue", "red")) == ["beta", "Alpha"]
    assert list_names(servers, not_tags_any=("Blue", "red")) == ["alphabet"]
    assert list_names(servers, states=(StatusStates(vm_states=frozenset({"building"})),)) == [
        "alphabet",
        "beta",
        "Alpha",
    ]
    assert list_names(servers, states=()) == []
    assert list_names(servers, ip=r"^10\.") == ["alphabet", "beta", "Alpha"]
    assert list_names(servers, ip="^172") == []
    for key in ("created_at", "display_name", "launched_at", "key_name", "uuid", "vm_state"):
        assert len(list_names_by_page(servers, (key, "desc"))) == 3, key
    assert list_names_by_page(servers, ("display_name", "asc")) == ["Alpha", "alphabet", "beta"]


def list_names(servers: ServerHarness, **filters: object) -> list[str]:
    with servers.ctx() as ctx:
        page = servers.compute.servers.list(ctx, ServerFilter(**filters), Page())  # type: ignore[arg-type]  # checked by the dataclass
    return [server.name for server in page.items]


def list_names_by_page(servers: ServerHarness, *sort: tuple[str, str]) -> list[str]:
    """List servers in pages of one."""
    names: list[str] = []
    marker = None
    while True:
        with servers.ctx() as ctx:
            page = servers.compute.servers.list(ctx, ServerFilter(sort=sort), Page(1, marker))
        names += [server.name for server in page.items]
        if not page.more:
            return names
        marker = page.items[-1].id
