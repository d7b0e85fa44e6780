"""Messages about operations that failed after the request was accepted."""

from typing import Any

import pytest

from stratiform.contract.errors import InsufficientCapacity, RequestRejected
from stratiform.kit.clock import DAY_US, parse_iso
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume.repository.messages import messages
from stratiform.services.volume.tasks import DELETE_MESSAGES
from support.volume_api import Api


class FailingDriver:
    """Reject every operation on volumes and snapshots, except reading."""

    def __init__(self, driver: Any, error: Exception) -> None:
        self._driver = driver
        self._error = error

    def __getattr__(self, name: str) -> Any:
        if name in ("create", "extend", "delete", "create_image", "restore"):
            return self._reject
        return getattr(self._driver, name)

    def _reject(self, *_values: object) -> None:
        raise self._error


def break_cloud(api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    cloud, error = api.volumes.cloud, error or RequestRejected("internal details")
    monkeypatch.setattr(cloud, "volume", FailingDriver(cloud.volume, error))
    monkeypatch.setattr(cloud, "snapshot", FailingDriver(cloud.snapshot, error))


def list_messages(api: Api, caller: str = "member", microversion: str = "3.60", **query: Any) -> list[dict[str, Any]]:
    return list(api.ok("GET", "/messages", caller=caller, microversion=microversion, **query)["messages"])


def test_a_failed_creation(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    break_cloud(api, monkeypatch, InsufficientCapacity("0 GiB free"))
    response = api("POST", "/volumes", {"volume": {"size": 1}})
    volume = response.json()["volume"]
    api.volumes.run_worker(2)
    [message] = list_messages(api)
    assert message["user_message"] == "schedule allocate volume:Could not find any available weighted backend."
    assert (message["event_id"], message["message_level"]) == ("VOLUME_VOLUME_001_003", "ERROR")
    assert (message["resource_type"], message["resource_uuid"]) == ("VOLUME", volume["id"])
    assert message["request_id"] == response.headers["x-openstack-request-id"]
    created, until = (parse_iso(message[name] + "Z") for name in ("created_at", "guaranteed_until"))
    assert until - created == 30 * DAY_US
    assert [link["rel"] for link in message["links"]] == ["self", "bookmark"]
    path = f"/messages/{message['id']}"
    assert api.ok("GET", path) == {"message": message}
    assert api("GET", path, caller="outsider").status_code == 404
    assert list_messages(api, "outsider") == []
    assert [item["id"] for item in list_messages(api, "admin")] == [message["id"]]
    assert api("DELETE", path, caller="outsider").status_code == 404
    assert api("DELETE", path, caller="reader").status_code == 403
    assert api("DELETE", path).status_code == 204
    missing = api("DELETE", path)
    expected = f"Message {message['id']} could not be found."
    assert (missing.status_code, missing.json()["itemNotFound"]["message"]) == (404, expected)
    assert api("GET", "/messages", microversion="3.2").status_code == 404


def test_every_kind_of_failure(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id, backed_up = api.create()["id"], api.create()["id"]
    snapshot_id = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume_id}})["snapshot"]["id"]
    backup_id = api.ok("POST", "/backups", {"backup": {"volume_id": backed_up}})["backup"]["id"]
    api.volumes.run_worker(2)
    break_cloud(api, monkeypatch)

    def post(path: str, body: dict[str, Any]) -> None:
        api.ok("POST", path, body)
        api.volumes.run_worker(1)

    post("/volumes", {"volume": {"size": 1}})
    post("/snapshots", {"snapshot": {"volume_id": volume_id}})
    post("/backups", {"backup": {"volume_id": volume_id}})
    post(f"/volumes/{volume_id}/action", {"os-volume_upload_image": {"image_name": "i"}})
    post(f"/backups/{backup_id}/restore", {"restore": {"volume_id": backed_up}})
    post(f"/volumes/{volume_id}/action", {"os-extend": {"new_size": 2}})
    for path in (f"/snapshots/{snapshot_id}", f"/backups/{backup_id}"):
        assert api("DELETE", path).status_code == 202
        api.volumes.run_worker(1)
    failures = list_messages(api, sort="created_at:asc")
    assert [message["event_id"] for message in failures] == [
        "VOLUME_VOLUME_008_012",
        "VOLUME_VOLUME_SNAPSHOT_009_013",
        "VOLUME_VOLUME_BACKUP_013_020",
        "VOLUME_VOLUME_003_004",
        "VOLUME_VOLUME_BACKUP_015_026",
        "VOLUME_VOLUME_007_010",
        "VOLUME_VOLUME_SNAPSHOT_010_016",
        "VOLUME_VOLUME_BACKUP_014_025",
    ]
    assert failures[4]["resource_uuid"] == backup_id
    assert not any("internal" in message["user_message"] for message in failures)


def test_filters_and_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    break_cloud(api, monkeypatch)
    ids = [api.create()["id"] for _ in range(3)]
    assert [message["resource_uuid"] for message in list_messages(api)] == ids[::-1]
    page = api.ok("GET", "/messages", limit=2, sort="created_at:asc", microversion="3.5")
    assert [message["resource_uuid"] for message in page["messages"]] == ids[:2]
    assert "marker=" in page["messages_links"][0]["href"]
    rest = list_messages(api, sort="created_at:asc", marker=page["messages"][-1]["id"])
    assert [message["resource_uuid"] for message in rest] == ids[2:]
    assert [message["resource_uuid"] for message in list_messages(api, resource_uuid=ids[1])] == [ids[1]]
    for name, value in (("resource_type", "VOLUME_BACKUP"), ("event_id", "x"), ("request_id", "x")):
        assert list_messages(api, **{name: value}) == []
    assert len(list_messages(api, message_level="ERROR", event_id="VOLUME_VOLUME_008_012")) == 3
    assert len(list_messages(api, microversion="3.4", limit=1)) == 3
    assert api("GET", "/messages", sort="color").status_code == 400


def test_a_message_expires_after_30_days(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    break_cloud(api, monkeypatch)
    api.create()
    volumes = api.volumes

    def count_after(us: int) -> int:
        volumes.harness.clock.advance(us)
        with volumes.ctx() as ctx:
            enqueue(ctx.db, DELETE_MESSAGES, "all", ctx.now)
        volumes.run_due_work()
        with volumes.ctx() as ctx:
            return messages.count(ctx.db)

    assert (count_after(29 * DAY_US), count_after(2 * DAY_US)) == (1, 0)


@pytest.mark.parametrize(
    ("extra_specs", "status"),
    [
        ({"vendor_name": "Other"}, "error"),
        ({"storage_protocol": "iSCSI"}, "error"),
        ({"capabilities:volume_backend_name": "other"}, "error"),
        ({"volume_backend_name": "sim", "vendor_name": "Stratiform", "storage_protocol": "memory"}, "available"),
        ({"storage_protocol": "<in> memory", "color": "red"}, "available"),
    ],
)
def test_a_type_that_requires_another_back_end(api: Api, extra_specs: dict[str, str], status: str) -> None:
    api.ok("POST", "/types", {"volume_type": {"name": "special", "extra_specs": extra_specs}}, caller="admin")
    assert api.create(volume_type="special")["status"] == status
    expected = ["VOLUME_VOLUME_001_003"] if status == "error" else []
    assert [message["event_id"] for message in list_messages(api)] == expected
