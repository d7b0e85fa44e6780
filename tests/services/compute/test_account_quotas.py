"""Quotas of cloud accounts hold for concurrent requests, on SQLite, PostgreSQL and MariaDB, and fail closed."""

from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid, Unavailable
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.clouds.errors import AccountQuotaExceeded, AccountQuotaNotFound, CloudNotFound
from stratiform.services.clouds.model import ResourceType
from stratiform.services.clouds.model.account_quotas import EACH, QuotaResource, QuotaScope
from stratiform.services.clouds.repository import account_limits
from stratiform.services.compute.service import placement
from support.servers import ServerHarness, with_servers
from support.stacks import build_harness, customer

_REQUESTS = 8


@pytest.fixture
def servers(home: Path, database_url: str) -> Iterator[ServerHarness]:
    """The projects p1 and p2 are bound to the cloud sim, without quotas of the projects."""
    home.mkdir(parents=True)
    stack = build_harness(home, database_url, quota_instances=-1, quota_cores=-1, quota_ram=-1)
    yield with_servers(stack)
    stack.services.database.close()


def limit(
    harness: ServerHarness,
    scope: QuotaScope = QuotaScope.ACCOUNT,
    owner_id: str = "",
    cloud_id: str = "",
    /,
    **limits: int,
) -> None:
    """Set limits of a cloud account by resource."""
    values = {QuotaResource(name): number for name, number in limits.items()}
    with harness.ctx(SYSTEM) as ctx:
        quotas = harness.harness.services.clouds.account_quotas
        quotas.set(ctx, cloud_id or harness.cloud_id, scope, owner_id, values)


def member(project_id: str, user_id: str) -> Caller:
    return Caller(user_id=user_id, project_id=project_id, roles=frozenset({"member", "reader"}))


def create(servers: ServerHarness, caller: Caller | None = None, **changes: Any) -> int:
    """Return the number of servers that were created."""
    with servers.ctx(caller or customer("p1")) as ctx:
        return len(servers.compute.servers.create(ctx, servers.new_server(**changes)))


def create_concurrently(servers: ServerHarness, callers: list[Caller], **changes: Any) -> int:
    """Create a server for each caller at the same time; return the number of successes."""

    def try_to_create(caller: Caller) -> bool:
        try:
            return create(servers, caller, **changes) == 1
        except AccountQuotaExceeded:
            return False

    with ThreadPoolExecutor(len(callers)) as pool:
        return sum(pool.map(try_to_create, callers))


def add_cloud(servers: ServerHarness, name: str) -> str:
    clouds = servers.harness.services.clouds
    with servers.ctx(SYSTEM) as ctx:
        cloud_id = clouds.accounts.create(ctx, "memory", name, {}).id
        for project_id in ("p1", "p2"):
            clouds.bindings.create(ctx, project_id, cloud_id, "zone-a")
        clouds.native_ids.register(ctx, cloud_id, ResourceType.IMAGE, servers.image_id, "memory-cirros")
    return cloud_id


def test_projects_at_the_same_time_do_not_exceed_the_limit_of_the_account(servers: ServerHarness) -> None:
    limit(servers, servers=3)
    callers = [member(f"p{number % 2 + 1}", f"u{number}") for number in range(_REQUESTS)]
    assert create_concurrently(servers, callers) == 3
    assert len(servers.rows()) == 3


def test_user_at_the_same_time_in_two_projects(servers: ServerHarness) -> None:
    limit(servers, QuotaScope.USER, EACH, servers=2)
    callers = [member(f"p{number % 2 + 1}", "alice") for number in range(_REQUESTS)]
    assert create_concurrently(servers, callers) == 2
    assert create(servers, member("p1", "bob")) == 1


def test_placement_over_two_limited_accounts_at_the_same_time(servers: ServerHarness) -> None:
    """Requests lock both accounts in one order, whatever the order of the bindings."""
    east_id = add_cloud(servers, "east")
    limit(servers, servers=2)
    limit(servers, QuotaScope.ACCOUNT, "", east_id, servers=3)
    callers = [member(f"p{number % 2 + 1}", "alice") for number in range(_REQUESTS)]
    assert create_concurrently(servers, callers) == 5
    assert Counter(row.cloud_name for row in servers.rows()) == {"sim": 2, "east": 3}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"servers": 1}, r"servers: requested 1, used 1, limit 1"),
        ({"vcpus": 1}, r"vcpus: requested 1, used 1, limit 1"),
        ({"ram_mib": 1000}, r"ram_mib: requested 512, used 512, limit 1000"),
        ({"disk_gib": 1}, r"disk_gib: requested 1, used 1, limit 1"),
    ],
)
def test_each_resource(servers: ServerHarness, limits: dict[str, int], message: str) -> None:
    limit(servers, QuotaScope.PROJECT, "p1", **limits)
    assert create(servers) == 1
    with pytest.raises(AccountQuotaExceeded, match=message) as error:
        create(servers)
    assert error.value.status == 403
    assert "Quota of the project in the cloud account exceeded" in error.value.message
    assert len(servers.rows()) == 1


def test_usage_of_the_account_is_not_shown_to_customers(
    servers: ServerHarness, caplog: pytest.LogCaptureFixture
) -> None:
    server = servers.create_active()
    limit(servers, servers=1, vcpus=1)
    with caplog.at_level("INFO"):
        with pytest.raises(AccountQuotaExceeded) as creation:
            create(servers)
        with pytest.raises(AccountQuotaExceeded) as growth:
            resize(servers, server.id, "3")
    assert creation.value.message == growth.value.message == "Quota of the cloud account exceeded"
    operator = Caller(user_id="o", project_id="", roles=frozenset({"admin"}))
    with pytest.raises(AccountQuotaExceeded, match=r"exceeded$"), servers.ctx(operator) as ctx:
        servers.compute.server_actions.resize(ctx, server.id, "3")
    assert "cloud=sim" in caplog.text
    assert "servers: requested 1, used 1, limit 1" in caplog.text, "operators find the amounts in the log"


def test_usage_of_another_user_is_not_shown(servers: ServerHarness) -> None:
    [row] = [servers.create_active()]
    limit(servers, QuotaScope.USER, row.user_id, vcpus=1)
    with pytest.raises(AccountQuotaExceeded, match=r"exceeded$"), servers.ctx(member("p1", "another")) as ctx:
        servers.compute.server_actions.resize(ctx, row.id, "3")
    with pytest.raises(AccountQuotaExceeded, match="vcpus: requested 1, used 1"):
        resize(servers, row.id, "3")


def test_limit_of_a_user_beats_the_limit_of_each(servers: ServerHarness) -> None:
    limit(servers, QuotaScope.USER, EACH, servers=1)
    limit(servers, QuotaScope.USER, "bob", servers=2)
    limit(servers, QuotaScope.USER, "eve", servers=0)
    limit(servers, QuotaScope.USER, "root", servers=-1)
    for user_id, allowed in (("alice", 1), ("bob", 2), ("eve", 0), ("root", 4)):
        for _ in range(allowed):
            create(servers, member("p1", user_id))
        if user_id != "root":
            with pytest.raises(AccountQuotaExceeded, match="Quota of the user in the cloud account"):
                create(servers, member("p1", user_id))
    limit(servers, QuotaScope.PROJECT, "p1", servers=7)
    with pytest.raises(AccountQuotaExceeded, match="Quota of the project in the cloud account"):
        create(servers, member("p1", "root"))
    assert create(servers, member("p2", "root")) == 1


def test_deleted_servers_and_other_clouds_do_not_count(servers: ServerHarness) -> None:
    limit(servers, servers=1)
    server = servers.create_active()
    with servers.ctx() as ctx:
        servers.compute.servers.delete(ctx, server.id)
    servers.run_worker(2)
    assert create(servers) == 1
    add_cloud(servers, "east")
    assert create(servers) == 1, "the other cloud of the zone takes it"
    assert [row.cloud_name for row in servers.rows() if row.deleted_at is None] == ["sim", "east"]


def test_several_servers_fill_what_is_left(servers: ServerHarness) -> None:
    limit(servers, servers=3)
    assert create(servers, min_count=1, max_count=5) == 3
    with pytest.raises(AccountQuotaExceeded):
        create(servers, min_count=1, max_count=2)


def test_resize_is_checked(servers: ServerHarness) -> None:
    limit(servers, QuotaScope.PROJECT, "p1", vcpus=2, ram_mib=2048)
    server = servers.create_active()
    with pytest.raises(AccountQuotaExceeded, match="vcpus: requested 1, used 1, limit 1"):
        limit(servers, QuotaScope.PROJECT, "p1", vcpus=1)
        resize(servers, server.id, "3")
    limit(servers, QuotaScope.PROJECT, "p1", vcpus=2)
    with pytest.raises(AccountQuotaExceeded, match="ram_mib: requested 3584, used 512, limit 2048"):
        resize(servers, server.id, "3")
    assert servers.get(server.id).status == "ACTIVE"
    resize(servers, server.id, "2")
    with pytest.raises(AccountQuotaExceeded, match="ram_mib"):
        create(servers)
    servers.run_worker(2)
    assert servers.get(server.id).flavor["name"] == "m1.small"


def resize(servers: ServerHarness, server_id: str, flavor_id: str) -> None:
    with servers.ctx() as ctx:
        servers.compute.server_actions.resize(ctx, server_id, flavor_id)


def test_limit_that_is_set_while_a_request_waits_applies(
    servers: ServerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(servers, servers=100)

    def lock(db: Connection, cloud_ids: Collection[str]) -> None:
        """Return after another transaction has changed the limit."""
        [cloud_id] = cloud_ids
        account_limits.save_limits(db, cloud_id, QuotaScope.ACCOUNT, "", {QuotaResource.SERVERS: 0})

    monkeypatch.setattr(account_limits, "lock_accounts", lock)
    with pytest.raises(AccountQuotaExceeded):
        create(servers)


def test_usage_that_cannot_be_read_refuses_the_request(servers: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(servers, servers=100)

    def fail(*_: object, **__: object) -> None:
        raise Unavailable("usage cannot be read")

    with monkeypatch.context() as patch:
        patch.setattr(placement, "compute_cloud_usage", fail)
        with pytest.raises(Unavailable):
            create(servers)
    assert servers.rows() == []


def test_unknown_limit_refuses_the_request(servers: ServerHarness) -> None:
    """A row of a newer version is not ignored."""
    limit(servers, servers=100)
    with servers.harness.services.database.transaction() as db:
        db.execute(text("UPDATE clouds_account_limit SET resource = 'gpus'"))
    with pytest.raises(ValueError, match="gpus"):
        create(servers)
    assert servers.rows() == []


def test_usage_is_listed_with_the_limits(servers: ServerHarness) -> None:
    limit(servers, servers=10, vcpus=4)
    limit(servers, QuotaScope.USER, EACH, servers=5)
    limit(servers, QuotaScope.PROJECT, "p2", servers=3)
    create(servers, min_count=2, max_count=2)
    with servers.ctx(SYSTEM) as ctx:
        usages = servers.compute.placement.list_account_usage(ctx, servers.cloud_id)
    assert [(item.scope, item.owner_id, item.resource, item.limit, used) for item, used in usages] == [
        ("account", "", "servers", 10, 2),
        ("account", "", "vcpus", 4, 2),
        ("project", "p2", "servers", 3, 0),
        ("user", "*", "servers", 5, None),
    ]


def test_limits_are_deleted_by_owner(servers: ServerHarness) -> None:
    quotas = servers.harness.services.clouds.account_quotas
    limit(servers, servers=0)
    limit(servers, QuotaScope.PROJECT, "p1", servers=0, vcpus=0)
    with servers.ctx(SYSTEM) as ctx:
        quotas.delete(ctx, servers.cloud_id, QuotaScope.PROJECT, "p1")
        assert [item.scope for item in quotas.list(ctx, servers.cloud_id)] == ["account"]
        with pytest.raises(AccountQuotaNotFound, match="No quota of project p1"):
            quotas.delete(ctx, servers.cloud_id, QuotaScope.PROJECT, "p1")
        quotas.delete(ctx, servers.cloud_id, QuotaScope.ACCOUNT, "")
    assert create(servers) == 1


@pytest.mark.parametrize(
    ("scope", "owner_id", "limits", "message"),
    [
        (QuotaScope.ACCOUNT, "p1", {"servers": 1}, "`owner` is required"),
        (QuotaScope.USER, "", {"servers": 1}, "`owner` is required"),
        (QuotaScope.USER, "u" * 65, {"servers": 1}, "longer than 64"),
        (QuotaScope.USER, "u1", {}, "`limits` is empty"),
        (QuotaScope.USER, "u1", {"servers": -2}, "at least -1"),
    ],
)
def test_invalid_limits(
    servers: ServerHarness, scope: QuotaScope, owner_id: str, limits: dict[str, int], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        limit(servers, scope, owner_id, **limits)
    with pytest.raises(CloudNotFound):
        limit(servers, QuotaScope.ACCOUNT, "", "nowhere", servers=1)
    with servers.ctx(SYSTEM) as ctx:
        assert servers.harness.services.clouds.account_quotas.list(ctx, servers.cloud_id) == []
