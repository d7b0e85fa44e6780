"""`stratiform clouds pools`, `label`, `policy`, `explain` and `quotas`."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.interfaces.cli import clouds
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from stratiform.services.identity.model import ListQuery
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator, with two clouds, flavors and an image."""
    with service_harness.services.database.transaction() as db:
        service_harness.services.compute.flavors.create_defaults(service_harness.ctx(db))
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        for name in ("east", "west"):
            run("add", "memory", "--name", name)
            run("images", "register", "--cloud", name, "--native", "memory-cirros", *image_options(name))
        yield api


def image_options(cloud: str) -> tuple[str, str]:
    return ("--name", "cirros") if cloud == "east" else ("--image", "cirros")


def run(*args: str) -> str:
    """Return the output of a command that succeeds. Raises CliError, as `main.start` gets it."""
    result: Result = CliRunner().invoke(clouds.app, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def read(*args: str) -> Any:
    return json.loads(run(*args, "--format", "json"))


def test_pool_serves_a_project(api: Rest) -> None:
    run("pools", "create", "europe")
    run("pools", "add", "europe", "west", "--native-zone", "zone-1")
    assert "(west) in availability zone north" in run("pools", "bind", "europe", "--project", "demo", "--zone", "north")
    run("pools", "add", "europe", "east")
    assert [member["cloud"] for member in read("pools", "show", "europe")["clouds"]] == ["west", "east"]
    assert "west in zone-1" in run("pools", "list")
    bindings = read("bindings", "--project", "demo")
    assert [(item["cloud"], item["zone"], item["pool"]) for item in bindings] == [
        ("west", "north", "europe"),
        ("east", "north", "europe"),
    ]
    with pytest.raises(CliError, match="serves projects"):
        run("pools", "delete", "europe", "--yes")
    with pytest.raises(CliError, match="member of pools: europe"):
        run("remove", "east", "--yes")
    run("pools", "unbind", "europe", "--project", "demo")
    run("pools", "remove", "europe", "east")
    run("pools", "delete", "europe", "--yes")
    assert read("pools", "list") == []


def test_explain_shows_the_rank_and_the_reasons(api: Rest) -> None:
    for name in ("east", "west"):
        run("bind", "--project", "demo", "--cloud", name, "--zone", "north")
    run("label", "west", "region=eu", "tier=gold")
    assert "region=eu" in run("show", "west")
    run("policy", "set", "--project", "demo", "spread", "least_filled")
    run("quotas", "set", "west", "--vcpus", "8")
    request = ("explain", "--project", "demo", "--flavor", "m1.small", "--image", "cirros")
    table = run(*request)
    assert "spread: 0 servers of the project, least_filled: 0.0 % filled" in table
    assert "Policy: spread, least_filled" in table
    explanation = read(*request, "--hint", "cloud_label:region=eu")
    assert explanation["policy"]["weighers"] == ["spread", "least_filled"]
    west, east = explanation["candidates"]
    assert (west["cloud"], west["rank"], west["filter"]) == ("west", 1, "")
    assert (east["cloud"], east["rank"], east["filter"]) == ("east", None, "label")
    assert east["reason"] == "it has no label region"
    run("label", "west", "--remove", "region")
    assert [item["rank"] for item in read(*request, "--hint", "cloud_label:region=eu")["candidates"]] == [None, None]


def test_sweep_deletes_nothing_without_apply(api: Rest, service_harness: ServiceHarness) -> None:
    services = service_harness.services
    with services.database.read_transaction() as db:
        cloud = services.clouds.accounts.get(service_harness.ctx(db), "west")
    compute = services.clouds.connections.get(cloud.id).compute
    assert compute is not None
    compute.create(ServerSpec(str(uuid4()), "lost", ServerSize(1, 512, 1), "memory-cirros"))
    assert "1 resources, 1 without an owner, 0 deleted" in run("sweep", "west")
    with pytest.raises(CliError, match="not confirmed"):
        run("sweep", "west", "--apply")
    assert [item["deleted"] for item in read("sweep", "west", "--apply", "--yes")] == [True]
    assert read("sweep", "west", "--apply", "--yes") == []


def test_default_flavor_of_an_image(api: Rest) -> None:
    image = ("--image", "cirros", "--native", "memory-cirros")
    run("images", "register", "--cloud", "east", *image, "--default-flavor", "m1.small")
    assert [native["default_flavor_id"] for native in read("show", "east")["native_ids"]] == ["2"]
    assert "default flavor 2" in run("show", "east")
    run("images", "register", "--cloud", "east", *image)
    assert "default flavor 2" in run("show", "east")
    run("images", "register", "--cloud", "east", *image, "--default-flavor", "")
    assert "default flavor" not in run("show", "east")
    with pytest.raises(CliError, match="flavor 'm9' not found"):
        run("images", "register", "--cloud", "east", *image, "--default-flavor", "m9")


def test_policies(api: Rest) -> None:
    run("policy", "set", "--default", "round_robin")
    run("policy", "set", "--project", "demo")
    assert [(item["project_id"], item["weighers"]) for item in read("policy", "list")] == [
        ("*", ["round_robin"]),
        (api.demo_project, []),
    ]
    run("policy", "delete", "--project", "demo")
    with pytest.raises(CliError, match="has no placement policy"):
        run("policy", "delete", "--project", "demo")


def test_quota_of_a_user_by_name(api: Rest, service_harness: ServiceHarness) -> None:
    run("quotas", "set", "west", "--user", "demo", "--servers", "5")
    with service_harness.services.database.read_transaction() as db:
        query = ListQuery(filters={"name": "demo"})
        [user] = service_harness.services.identity.users.list(service_harness.ctx(db), query).items
    assert [quota["owner_id"] for quota in read("quotas", "list", "west")] == [user.id]
    run("quotas", "set", "west", "--user", user.id, "--servers", "6")
    assert [quota["limit"] for quota in read("quotas", "list", "west")] == [6]
    with pytest.raises(CliError, match="user 'mallory' not found"):
        run("quotas", "set", "west", "--user", "mallory", "--servers", "5")
    run("quotas", "delete", "west", "--user", "demo")
    assert read("quotas", "list", "west") == []


def test_rows_of_a_deleted_project_can_be_removed(api: Rest, service_harness: ServiceHarness) -> None:
    project = ("--project", api.demo_project)
    run("pools", "create", "europe")
    run("pools", "bind", "europe", *project)
    run("bind", "--cloud", "west", *project)
    run("policy", "set", *project, "spread")
    run("quotas", "set", "west", *project, "--servers", "1")
    with service_harness.services.database.transaction() as db:
        service_harness.services.identity.projects.delete(service_harness.ctx(db), api.demo_project)
    run("pools", "unbind", "europe", *project)
    run("unbind", "--cloud", "west", *project)
    run("policy", "delete", *project)
    run("quotas", "delete", "west", *project)
    assert read("bindings") == read("policy", "list") == read("quotas", "list", "west") == []
    run("pools", "delete", "europe", "--yes")


def test_zone_of_a_pool_member_is_checked(api: Rest) -> None:
    run("pools", "create", "europe")
    with pytest.raises(CliError, match="Zone 'nowhere' not found in the cloud"):
        run("pools", "add", "europe", "west", "--native-zone", "nowhere")
    assert read("pools", "show", "europe")["clouds"] == []


def test_quotas(api: Rest) -> None:
    run("quotas", "set", "west", "--servers", "100", "--ram", "4096")
    run("quotas", "set", "west", "--user", "*", "--servers", "20")
    run("quotas", "set", "west", "--project", "demo", "--disk", "-1")
    assert [list(quota.values()) for quota in read("quotas", "list", "west")] == [
        ["account", "", "ram_mib", 4096, 0],
        ["account", "", "servers", 100, 0],
        ["project", api.demo_project, "disk_gib", -1, 0],
        ["user", "*", "servers", 20, None],
    ]
    assert "Limits of user * in west deleted" in run("quotas", "delete", "west", "--user", "*")
    assert "Limits of account in west deleted" in run("quotas", "delete", "west")
    assert [quota["scope"] for quota in read("quotas", "list", "west")] == ["project"]
    assert read("quotas", "list", "east") == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("label", "west"), "nothing to change"),
        (("label", "west", "region"), "must have the form NAME=VALUE: 'region'"),
        (("label", "west", "a b=c"), "is not a valid label"),
        (("pools", "create", "X!"), "is not a valid pool name"),
        (("pools", "show", "nowhere"), "Pool 'nowhere' not found"),
        (("pools", "bind", "nowhere"), "either --project or --default"),
        (("policy", "set", "fastest", "--default"), "unknown weigher 'fastest'"),
        (("policy", "set", "cheapest", "--default", "--price-plan", "none"), "Price plan 'none' not found"),
        (("explain", "--project", "demo", "--flavor", "m1.small"), "`image` or `volumes` is required"),
        (("explain", "--project", "demo", "--flavor", "m1.small", "--image", "cirros"), "is not bound to a cloud"),
        (("quotas", "set", "west"), "nothing to change"),
        (("quotas", "set", "west", "--servers", "-2"), "`servers` must be a number of at least -1"),
        (("quotas", "set", "west", "--servers", "1", "--project", "p", "--user", "u"), "exclude each other"),
        (("quotas", "delete", "west"), "No quota of account is set"),
    ],
)
def test_errors_are_one_line(api: Rest, args: tuple[str, ...], message: str) -> None:
    with pytest.raises(CliError, match=message) as error:
        run(*args)
    assert "\n" not in error.value.message + error.value.hint
    assert read("quotas", "list", "west") == read("policy", "list") == read("pools", "list") == []
