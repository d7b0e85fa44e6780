"""The unmodified `openstack` client and openstacksdk against a server on a port."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import openstack
import pytest

from support.server import DEMO_PASSWORD, Live, live_server


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(Path(tmp_path_factory.mktemp("identity")) / "home") as running:
        yield running


def test_token(live: Live) -> None:
    issued = live.json("token", "issue", user="demo")
    assert issued["id"].startswith("gAAAA")
    headers = {"X-Auth-Token": issued["id"], "X-Subject-Token": issued["id"]}
    response = httpx.get(f"{live.url}/identity/v3/auth/tokens", headers=headers).json()["token"]
    assert response["project"]["id"] == issued["project_id"]
    live.openstack("token", "revoke", issued["id"], user="demo")
    assert httpx.get(f"{live.url}/identity/v3/auth/tokens", headers=headers).status_code == 401


def test_wrong_password(live: Live) -> None:
    error = live.refused("token", "issue", OS_PASSWORD="wrong")
    assert "The request you have made requires authentication. (HTTP 401)" in error


def test_project_lifecycle(live: Live) -> None:
    created = live.json("project", "create", "rocket", "--description", "d", "--tag", "a", "--property", "color=red")
    assert created["color"] == "red"
    error = live.refused("project", "create", "rocket")
    assert "Duplicate entry found with name rocket at domain ID default" in error
    live.openstack("project", "set", "rocket", "--name", "comet", "--disable")
    response = live.json("project", "show", "comet")
    assert (response["id"], response["enabled"], response["tags"]) == (created["id"], False, ["a"])
    assert "comet" in {item["Name"] for item in live.json("project", "list")}
    live.openstack("project", "delete", "comet")
    assert "No Project found for comet" in live.refused("project", "show", "comet")


def test_role_of_a_user_and_of_a_group(live: Live) -> None:
    live.openstack("user", "create", "ann", "--password", "ann-pass", "--email", "ann@example.org")
    live.openstack("group", "create", "crew")
    live.openstack("group", "add", "user", "crew", "ann")
    live.openstack("role", "add", "--user", "ann", "--project", "demo", "reader")
    live.openstack("role", "add", "--group", "crew", "--project", "admin", "reader")
    rows = live.json("role", "assignment", "list", "--names", "--user", "ann", "--effective")
    assert {(row["Role"], row["Project"]) for row in rows} == {
        ("reader", "demo@Default"),
        ("reader", "admin@Default"),
    }
    ann = {"OS_PASSWORD": "ann-pass", "OS_PROJECT_NAME": "demo"}
    assert live.json("project", "list", user="ann", **ann)
    error = live.refused("project", "create", "x", user="ann", **ann)
    assert "You are not authorized to perform the requested action: identity:create_project." in error
    live.openstack("user", "password", "set", "--original-password", "ann-pass", "--password", "new", user="ann", **ann)
    assert live.json("token", "issue", user="ann", **(ann | {"OS_PASSWORD": "new"}))
    live.openstack("role", "remove", "--user", "ann", "--project", "demo", "reader")
    live.refused("token", "issue", user="ann", **(ann | {"OS_PASSWORD": "new"}))
    live.openstack("user", "delete", "ann")
    live.openstack("group", "delete", "crew")


def test_application_credential(live: Live) -> None:
    created = live.json("application", "credential", "create", "ci", "--role", "reader", user="demo")
    assert [role["name"] for role in created["Roles"]] == ["reader"]
    credential = {
        "OS_AUTH_TYPE": "v3applicationcredential",
        "OS_APPLICATION_CREDENTIAL_ID": created["ID"],
        "OS_APPLICATION_CREDENTIAL_SECRET": created["Secret"],
    }
    no_user = dict.fromkeys(
        ("OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"), ""
    )
    issued = live.json("token", "issue", user="", **(no_user | credential))
    assert issued["project_id"] == created["Project ID"]
    live.openstack("application", "credential", "delete", "ci", user="demo")
    live.refused("token", "issue", user="", **(no_user | credential))


def test_system_and_domain_scope(live: Live) -> None:
    no_project = {"OS_PROJECT_NAME": "", "OS_PROJECT_DOMAIN_NAME": ""}
    assert live.json("token", "issue", **(no_project | {"OS_SYSTEM_SCOPE": "all"}))["system"] == "all"
    live.openstack("role", "add", "--user", "admin", "--domain", "default", "admin")
    scoped = live.json("token", "issue", **(no_project | {"OS_DOMAIN_NAME": "Default"}))
    assert scoped["domain_id"] == "default"


def test_domains_services_and_endpoints(live: Live) -> None:
    live.openstack("domain", "create", "other")
    live.openstack("domain", "set", "--disable", "other")
    live.openstack("domain", "delete", "other")
    assert [item["Name"] for item in live.json("domain", "list")] == ["Default"]
    types = {item["Type"] for item in live.json("service", "list")}
    openstack_types = {"identity", "compute", "network", "volumev3", "block-storage", "image"}
    assert types == {*openstack_types, "clouds", "ec2", "cloudmetrics", "usage"}
    listed = live.json("endpoint", "list", "--interface", "public")
    assert f"{live.url}/network" in {item["URL"] for item in listed}
    response = live.openstack("catalog", "show", "compute")
    assert re.search(rf"public: {live.url}/compute/v2\.1", response)


def test_openstacksdk(live: Live) -> None:
    cloud = openstack.connect(
        auth_url=f"{live.url}/identity/v3",
        username="demo",
        password=DEMO_PASSWORD,
        project_name="demo",
        user_domain_name="Default",
        project_domain_name="Default",
        region_name="RegionOne",
    )
    assert cloud.current_project.name == "demo"
    assert cloud.session.get_endpoint(service_type="compute") == f"{live.url}/compute/v2.1"
    admin = cloud.connect_as(username="admin", password="admin-pass", project_name="admin")
    users = [admin.identity.create_user(name=f"user-{number}") for number in range(5)]
    paged = {user.id for user in admin.identity.users(limit=2)}
    assert {user.id for user in users} <= paged
    for user in users:
        admin.identity.delete_user(user.id)
    assert admin.identity.find_user("user-1") is None
