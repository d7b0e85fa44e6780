"""Usage of closed periods is reported where it arrives, at closing, and in the list of periods: REST and commands."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.amqp.late_usage_log import LateUsageLog
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.main import COMMANDS, create_app
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import parse_iso
from support.money import PLAN
from support.rest import Rest, rest
from support.stacks import ServiceHarness

LATE = "Late usage of customer account 'acme' from 2026-11-01T00:00:00.000000Z to 2026-12-01T00:00:00.000000Z: "


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rest]:
    """A server with the customer account "acme", whose November is closed; a volume has been used since then."""
    service_harness.clock.at = parse_iso("2026-12-02")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        (tmp_path / "prices.toml").write_text(PLAN)
        run("price", "set", tmp_path / "prices.toml")
        run("invoice", "seller", "--legal-name", "Seller")
        run("account", "create", "acme", "--currency", "EUR", "--plan", "standard")
        run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-01")
        insert(api, tmp_path, "v1", "2026-11-30T00:00:00Z")
        run("period", "close", "--account", "acme", "2026-11", "--yes")
        yield api


def run(*line: object) -> str:
    result = CliRunner().invoke(create_app(COMMANDS), [str(argument) for argument in line])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def event(api: Rest, volume: str, start: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{volume}-{start}",
        "source": "test",
        "type": "usage.started",
        "time": start,
        "data": {
            "resource_type": "volume",
            "resource_id": volume,
            "project_id": api.demo_project,
            "attributes": {"size_gib": 100, "volume_type": "fast"},
        },
    }


def insert(api: Rest, folder: Path, *volumes_and_starts: str) -> str:
    pairs = zip(volumes_and_starts[::2], volumes_and_starts[1::2], strict=True)
    file = folder / "events.json"
    file.write_text(json.dumps([event(api, volume, start) for volume, start in pairs]))
    return run("usage", "insert", file)


def test_late_usage_is_shown_where_it_arrives_and_in_the_list_of_periods(api: Rest, tmp_path: Path) -> None:
    assert "Late usage" not in insert(api, tmp_path, "v2", "2026-12-01T12:00:00Z")
    output = insert(api, tmp_path, "v3", "2026-11-30T12:00:00Z", "v4", "2026-11-30T12:00:00Z")
    assert f"{LATE}0.48 EUR (2 resources); invoice 2026-000001 does not contain it." in output
    assert "0.48 EUR (2 resources)" in run("period", "list", "--account", "acme")
    correction = ("usage", "correct", "volume", "v4", "--absent", "--from", "2026-11-30", "--to", "2026-12-01")
    assert f"{LATE}0.24 EUR (1 resource)" in run(*correction, "--reason", "never existed")
    assert f"{LATE}0.24 EUR (1 resource)" in run("period", "close", "--account", "acme", "--until", "now", "--yes")
    assert "Late usage" not in run("usage", "rejected", "replay")


def test_late_usage_in_the_rest_api(api: Rest, tmp_path: Path) -> None:
    assert api("GET", "late-usage").json() == {"late_usage": []}
    headers = {"X-Auth-Token": api.admin, "Content-Type": "application/cloudevents-batch+json"}
    body = json.dumps([event(api, "v3", "2026-11-30T12:00:00Z")])
    result = api.http.post("/api/v1/usage/events", content=body, headers=headers).json()
    expected = {
        "account": "acme",
        "amount": "0.24",
        "currency": "EUR",
        "start": "2026-11-01T00:00:00.000000Z",
        "end": "2026-12-01T00:00:00.000000Z",
        "invoice": "2026-000001",
        "resources": 1,
        "unpriced_resources": 0,
    }
    assert result["late_usage"] == [expected]
    assert api("GET", "late-usage").json()["late_usage"] == [expected]
    assert api("GET", "late-usage?account=acme").json()["late_usage"] == [expected]
    assert api("GET", "late-usage?after=1000").json()["late_usage"] == []
    assert api("GET", "late-usage?account=unknown").status_code == 404
    (closed, opened) = api("GET", "accounts/acme/periods").json()["periods"]
    assert closed["late_usage"] == {key: expected[key] for key in closed["late_usage"]}
    assert opened["late_usage"] is None
    assert api("POST", "accounts/acme/periods", {"month": "2026-11"}).json()["late_usage"] == [expected]
    assert api("GET", "late-usage", token=api.demo).status_code == 403


def test_imported_notifications_report_late_usage(api: Rest, tmp_path: Path) -> None:
    notification = {
        "message_id": "late",
        "event_type": "volume.create.end",
        "publisher_id": "volume.test",
        "timestamp": "2026-11-30 12:00:00.000000",
        "payload": {
            "tenant_id": api.demo_project,
            "volume_id": "v5",
            "display_name": "late",
            "volume_type": "fast",
            "volume_type_name": "fast",
            "size": 100,
            "status": "available",
            "launched_at": "2026-11-30 12:00:00",
            "created_at": "2026-11-30 12:00:00",
        },
    }
    file = tmp_path / "late.jsonl"
    file.write_text(json.dumps(notification) + "\n")
    assert f"{LATE}0.24 EUR (1 resource)" in run("usage", "import", file)
    assert "Late usage" not in run("usage", "import", file)


def test_names_that_are_set_report_late_usage(api: Rest, tmp_path: Path) -> None:
    unnamed = event(api, "v6", "2026-11-30T12:00:00Z")
    unnamed["data"]["attributes"]["volume_type"] = "t-1"
    (tmp_path / "unnamed.json").write_text(json.dumps([unnamed]))
    assert f"{LATE}0.00 EUR (0 resources, 1 without a price)" in run("usage", "insert", tmp_path / "unnamed.json")
    assert f"{LATE}0.24 EUR (1 resource)" in run("usage", "names", "set", "volume_type", "t-1", "fast")
    assert "Late usage" not in run("usage", "names", "set", "volume_type", "t-2", "slow")


def test_the_collector_logs_late_usage(
    api: Rest, service_harness: ServiceHarness, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = LateUsageLog(service_harness.services)
    with caplog.at_level(logging.WARNING):
        log.log()
        insert(api, tmp_path, "v3", "2026-11-30T12:00:00Z")
        log.log()
        log.log()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == [
        "late usage account=acme invoice=2026-000001 amount=0.24 currency=EUR resources=1 unpriced_resources=0"
    ]
