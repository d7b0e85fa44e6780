"""Audit events of requests: who, what, with which outcome; never a token, and nothing for the ledger."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from stratiform.app import clouds_api, notifications
from stratiform.app.api import build_application
from stratiform.app.settings import Settings
from stratiform.interfaces.http_settings import HttpSettings
from stratiform.kit import outbox
from stratiform.kit.errors import Invalid
from support.callers import Callers, open_callers
from support.servers import with_servers
from support.stacks import ServiceHarness


@dataclass
class AuditedApi:
    """The API with audit events."""

    callers: Callers
    client: TestClient[Any]

    def __call__(self, method: str, path: str, caller: str = "green", **options: Any) -> httpx.Response:
        headers = {"User-Agent": "curl/8", **options.pop("headers", {})}
        if caller:
            headers["X-Auth-Token"] = self.callers.tokens[caller]
        return self.client.request(method, path, headers=headers, **options)

    def pop_events(self) -> list[dict[str, Any]]:
        """Return the payloads of the audit events, oldest first, with their types, and delete them."""
        with self.callers.harness.services.database.transaction() as db:
            events = [event for event in outbox.list_ingested_events(db, 1000) if event.event_type.startswith("audit.")]
            outbox.remove_events(db, events)
        return [{"event_type": event.event_type, **event.payload} for event in events]


@pytest.fixture(params=["changes"])
def api(service_harness: ServiceHarness, request: pytest.FixtureRequest) -> Iterator[AuditedApi]:
    with open_callers(service_harness) as callers:
        app = build_application(service_harness.services, http=HttpSettings(audit_requests=request.param))
        with TestClient(app, base_url=service_harness.services.url) as client:
            yield AuditedApi(callers, client)


def test_a_change_has_an_event_before_and_one_after(api: AuditedApi) -> None:
    response = api("POST", "/network/v2.0/networks", json={"network": {"name": "n1"}})
    before, after = api.pop_events()
    assert (before["event_type"], before["outcome"]) == ("audit.http.request", "pending")
    assert (after["event_type"], after["outcome"]) == ("audit.http.response", "success")
    assert after["reason"] == {"reasonType": "HTTP", "reasonCode": "201"}
    assert "reason" not in before
    for event in (before, after):
        assert event["action"] == "create"
        assert event["typeURI"] == "http://schemas.dmtf.org/cloud/audit/1.0/event"
        assert event["target"] == {"typeURI": "service/network/networks", "id": "network", "name": "network"}
        assert event["initiator"]["project_id"] == api.callers.projects["green"]
        assert event["initiator"]["request_id"] == response.headers["x-openstack-request-id"]
        assert event["initiator"]["host"] == {"address": "testclient", "agent": "curl/8"}
        assert event["requestPath"] == "/network/v2.0/networks"


@pytest.mark.parametrize("build", [build_application, clouds_api.build_application])
def test_every_port_of_the_rest_api_is_audited(service_harness: ServiceHarness, build: Callable[..., Any]) -> None:
    with open_callers(service_harness) as callers:
        app = build(service_harness.services, http=HttpSettings(audit_requests="changes"))
        with TestClient(app, base_url=service_harness.services.url) as client:
            api = AuditedApi(callers, client)
            assert api("POST", "/api/v1/clouds", json={"kind": "memory", "name": "sim"}).status_code == 403
            assert [event["event_type"] for event in api.pop_events()] == ["audit.http.request", "audit.http.response"]


def test_targets_and_actions(api: AuditedApi) -> None:
    server = with_servers(api.callers.harness, (api.callers.projects["green"],)).create_active()
    path = f"/compute/v2.1/servers/{server.id}"
    api("POST", f"{path}/action", json={"os-stop": None})
    assert [event["action"] for event in api.pop_events()] == ["update", "update/os-stop"]
    api("PUT", path, json={"server": {"name": "b"}})
    api("DELETE", path)
    events = api.pop_events()
    assert [event["action"] for event in events] == ["update", "update", "delete", "delete"]
    assert {(event["target"]["typeURI"], event["target"]["id"]) for event in events} == {
        ("service/compute/servers/server", server.id)
    }


def test_requests_that_are_refused(api: AuditedApi) -> None:
    api("POST", "/volume/v3/volumes", caller="", json={})
    api("DELETE", "/identity/v3/users/nobody", caller="green-reader")
    events = api.pop_events()
    assert [event["outcome"] for event in events] == ["pending", "failure", "pending", "failure"]
    assert [event["reason"]["reasonCode"] for event in events if "reason" in event] == ["401", "403"]
    anonymous, reader = events[0]["initiator"], events[2]["initiator"]
    assert (anonymous["id"], anonymous["credential"]["identity_status"]) == ("unknown", "Invalid")
    assert reader["credential"]["identity_status"] == "Confirmed"


def test_sign_in_is_audited_without_secrets(api: AuditedApi) -> None:
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "x", "password": "s3cret"}}}}}
    assert api("POST", "/identity/v3/auth/tokens", caller="", json=body).status_code == 401
    api("POST", "/image/v2/images?token=s3cret", json={"name": "i"})
    events = api.pop_events()
    assert [event["action"] for event in events] == ["authenticate", "authenticate", "create", "create"]
    texts = json.dumps(events)
    assert not any(secret in texts for secret in ("s3cret", *api.callers.tokens.values()))


def test_reads_are_not_audited_by_default(api: AuditedApi) -> None:
    api("GET", "/compute/v2.1/servers")
    assert api.pop_events() == []


@pytest.mark.parametrize("api", ["all"], indirect=True)
def test_all_requests_can_be_audited(api: AuditedApi) -> None:
    api("GET", "/compute/v2.1/servers")
    api("GET", "/compute/v2.1/flavors/none")
    api("GET", "/dashboard/sign-in")
    assert [event["action"] for event in api.pop_events()] == ["read/list", "read/list", "read", "read"]


def test_the_ledger_has_no_audit_events(api: AuditedApi) -> None:
    services = api.callers.harness.services
    api("POST", "/identity/v3/projects", json={"project": {"name": "x"}})
    with services.database.transaction() as db:
        assert not any(event.event_type.startswith("audit.") for event in outbox.list_pending_events(db, 1000))


def test_audit_events_require_a_bus() -> None:
    with pytest.raises(Invalid, match="audit_requests"):
        notifications.parse_address(Settings(home=Path(), audit_requests="all"))
