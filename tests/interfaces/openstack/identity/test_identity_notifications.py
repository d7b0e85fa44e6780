"""Keystone's notifications: their types, and that their content is that of a real Keystone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratiform.interfaces.amqp.publisher import get_exchange
from stratiform.kit import outbox
from stratiform.kit.outbox import Event
from support.callers import PASSWORD, Callers, open_callers
from support.recorded_notifications import load_payloads
from support.stacks import build_harness

V3 = "/identity/v3"
SECRET = "a secret that is not published"


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    """The API of an installation that publishes notifications."""
    with open_callers(build_harness(home, notification_url="rabbit://guest:guest@127.0.0.1:1/")) as api:
        take_events(api)
        yield api


def take_events(api: Callers) -> list[Event]:
    """Return the notifications that wait for publication, and delete them."""
    with api.harness.services.database.transaction() as db:
        events = outbox.list_ingested_events(db, 1000)
        outbox.remove_events(db, events)
    return events


def take(api: Callers) -> list[tuple[str, str]]:
    """Return the types of the notifications that wait, without `identity.`, and the resources."""
    return [
        (event.event_type.removeprefix("identity."), event.payload.get("resource_info", ""))
        for event in take_events(api)
    ]


def call(api: Callers, method: str, path: str, body: Any = None, caller: str = "admin") -> Any:
    return api.ok(method, f"{V3}{path}", caller, **({} if body is None else {"json": body}))


@pytest.mark.parametrize(
    ("kind", "body", "change"),
    [
        ("user", {"name": "u", "password": SECRET}, {"password": f"{SECRET}!"}),
        ("group", {"name": "g"}, {"description": "d"}),
        ("project", {"name": "p"}, {"enabled": False}),
        ("role", {"name": "r"}, {"description": "d"}),
        ("service", {"type": "t", "name": "s"}, {"description": "d"}),
        ("region", {"id": "r"}, {"description": "d"}),
    ],
)
def test_resources(api: Callers, kind: str, body: dict[str, Any], change: dict[str, Any]) -> None:
    resource_id = call(api, "POST", f"/{kind}s", {kind: body})[kind]["id"]
    call(api, "PATCH", f"/{kind}s/{resource_id}", {kind: change})
    call(api, "DELETE", f"/{kind}s/{resource_id}")
    events = take_events(api)
    assert [event.event_type for event in events] == [
        f"identity.{kind}.{operation}" for operation in ("created", "updated", "deleted")
    ]
    for event in events:
        assert event.payload["resource_info"] == event.payload["target"]["id"] == resource_id
        assert SECRET not in str(event.payload) + str(event.context)
        assert (event.publisher_id.partition(".")[0], get_exchange(event.publisher_id)) == ("identity", "keystone")
        for expected in load_payloads(event.event_type)[:1]:
            compare(event.payload, expected)


def compare(payload: dict[str, Any], expected: dict[str, Any]) -> None:
    """Check that a payload has the keys, types and constants of a recorded one."""
    assert set(payload) == set(expected)
    assert set(payload["initiator"]) == set(expected["initiator"])
    assert set(payload["initiator"]["host"]) == {"address", "agent"}
    for name in ("typeURI", "eventType", "action", "outcome"):
        assert payload[name] == expected[name]
    for name in ("observer", "initiator", "target"):
        assert payload[name]["typeURI"] == expected[name]["typeURI"]
    assert payload["eventTime"].endswith("+0000")


def test_initiator(api: Callers) -> None:
    headers = {"User-Agent": "keystoneauth1", "X-OpenStack-Request-ID": "req-11111111-2222-3333-4444-555555555555"}
    response = api.request("POST", f"{V3}/roles", "admin", json={"role": {"name": "r"}}, headers=headers)
    [event] = take_events(api)
    initiator = event.payload["initiator"]
    assert initiator["host"] == {"address": "testclient", "agent": "keystoneauth1"}
    assert initiator["request_id"] == response.headers["x-openstack-request-id"] == event.context["request_id"]
    assert initiator["global_request_id"] == headers["X-OpenStack-Request-ID"]
    assert initiator["user_id"] == initiator["id"]
    assert (initiator["project_id"], initiator["username"]) == (api.projects["admin"], "admin")
    services = call(api, "GET", "/services?type=identity")["services"]
    assert event.payload["observer"]["id"] == services[0]["id"]


def test_domains(api: Callers) -> None:
    domain_id = call(api, "POST", "/domains", {"domain": {"name": "d"}})["domain"]["id"]
    user_id = call(api, "POST", "/users", {"user": {"name": "u", "domain_id": domain_id}})["user"]["id"]
    project_id = call(api, "POST", "/projects", {"project": {"name": "p", "domain_id": domain_id}})["project"]["id"]
    take_events(api)
    call(api, "PATCH", f"/domains/{domain_id}", {"domain": {"enabled": False}})
    assert take(api) == [("project.updated", domain_id), ("domain.updated", domain_id)]
    call(api, "DELETE", f"/domains/{domain_id}")
    assert take(api) == [
        ("user.deleted", user_id),
        ("project.deleted", project_id),
        ("project.deleted", domain_id),
        ("domain.deleted", domain_id),
    ]
    domain_id = call(api, "POST", "/domains", {"domain": {"name": "d"}})["domain"]["id"]
    [event] = take_events(api)
    assert event.event_type == "identity.domain.created"
    compare(event.payload, load_payloads("identity.domain.created")[0])


def test_group_members(api: Callers) -> None:
    group_id = call(api, "POST", "/groups", {"group": {"name": "g"}})["group"]["id"]
    user_id = call(api, "POST", "/users", {"user": {"name": "u"}})["user"]["id"]
    take_events(api)
    call(api, "PUT", f"/groups/{group_id}/users/{user_id}")
    call(api, "DELETE", f"/groups/{group_id}/users/{user_id}")
    assert take(api) == [("group.updated", group_id)] * 2
    assert api.request("DELETE", f"{V3}/groups/{group_id}/users/{user_id}", "admin").status_code == 404
    assert take(api) == []


def test_role_assignments(api: Callers) -> None:
    role_id = call(api, "POST", "/roles", {"role": {"name": "r"}})["role"]["id"]
    group_id = call(api, "POST", "/groups", {"group": {"name": "g"}})["group"]["id"]
    user_id = call(api, "POST", "/users", {"user": {"name": "u"}})["user"]["id"]
    project_id = api.projects["green"]
    take_events(api)
    call(api, "PUT", f"/projects/{project_id}/users/{user_id}/roles/{role_id}")
    call(api, "DELETE", f"/projects/{project_id}/users/{user_id}/roles/{role_id}")
    call(api, "PUT", f"/OS-INHERIT/domains/default/groups/{group_id}/roles/{role_id}/inherited_to_projects")
    call(api, "PUT", f"/system/users/{user_id}/roles/{role_id}")  # not reported by Keystone either
    created, deleted, inherited = take_events(api)
    for event, operation in ((created, "created"), (deleted, "deleted")):
        assert event.event_type == f"identity.role_assignment.{operation}"
        compare(event.payload, load_payloads(event.event_type)[0])
    values = {"project": project_id, "user": user_id, "role": role_id, "inherited_to_projects": False}
    assert {name: created.payload[name] for name in values} == values
    values = {"domain": "default", "group": group_id, "role": role_id, "inherited_to_projects": True}
    assert {name: inherited.payload[name] for name in values} == values
    assert "project" not in inherited.payload


def test_own_password(api: Callers) -> None:
    users = call(api, "GET", "/users?name=green-member")["users"]
    body = {"user": {"original_password": PASSWORD, "password": SECRET}}
    assert api.request("POST", f"{V3}/users/{users[0]['id']}/password", "", json=body).status_code == 204
    [event] = take_events(api)
    assert (event.event_type, event.payload["resource_info"]) == ("identity.user.updated", users[0]["id"])
    assert event.payload["initiator"]["username"] == "green-member"
    assert SECRET not in str(event)


def test_refused_requests_report_nothing(api: Callers) -> None:
    assert api.request("POST", f"{V3}/users", json={"user": {"name": "u"}}).status_code == 403
    assert api.request("DELETE", f"{V3}/users/unknown", "admin").status_code == 404
    assert (
        api.request("POST", f"{V3}/groups", "admin", json={"group": {"name": "g", "domain_id": "x"}}).status_code == 404
    )
    assert take(api) == []


def test_endpoints(api: Callers) -> None:
    service_id = call(api, "GET", "/services?type=identity")["services"][0]["id"]
    body = {"endpoint": {"service_id": service_id, "interface": "internal", "url": "http://h"}}
    endpoint_id = call(api, "POST", "/endpoints", body)["endpoint"]["id"]
    call(api, "PATCH", f"/endpoints/{endpoint_id}", {"endpoint": {"url": "http://other"}})
    call(api, "DELETE", f"/endpoints/{endpoint_id}")
    assert take(api) == [(f"endpoint.{operation}", endpoint_id) for operation in ("created", "updated", "deleted")]


def test_delegation(api: Callers) -> None:
    member = call(api, "GET", "/users?name=green-member")["users"][0]["id"]
    admin = call(api, "GET", "/users?name=admin")["users"][0]["id"]
    path = f"/users/{member}/application_credentials"
    body = {"application_credential": {"name": "a", "secret": SECRET}}
    credential_id = call(api, "POST", path, body, "green")["application_credential"]["id"]
    call(api, "DELETE", f"{path}/{credential_id}", caller="green")
    trust = {
        "trustor_user_id": member,
        "trustee_user_id": admin,
        "project_id": api.projects["green"],
        "impersonation": False,
        "roles": [{"name": "member"}],
    }
    trust_id = call(api, "POST", "/OS-TRUST/trusts", {"trust": trust}, "green")["trust"]["id"]
    call(api, "DELETE", f"/OS-TRUST/trusts/{trust_id}", caller="green")
    events = take_events(api)
    assert [(event.event_type, event.payload["resource_info"]) for event in events] == [
        ("identity.application_credential.created", credential_id),
        ("identity.application_credential.deleted", credential_id),
        ("identity.OS-TRUST:trust.created", trust_id),
        ("identity.OS-TRUST:trust.deleted", trust_id),
    ]
    for event in events:
        compare(event.payload, load_payloads(event.event_type)[0])
        assert SECRET not in str(event)
