"""`/os-migrations`: resizes of servers."""

from typing import Any

from support.compute_api import ComputeApi

PATH = "/os-migrations"


def list_migrations(api: ComputeApi, query: str = "", microversion: int = 80) -> list[dict[str, Any]]:
    response = api.ok("GET", f"{PATH}?{query}", caller="admin", microversion=microversion)
    return list(response["migrations"])


def resize(api: ComputeApi, server_id: str, flavor: str) -> None:
    assert api.action(server_id, {"resize": {"flavorRef": flavor}})[0] == 202
    api.servers.run_worker(10)


def act(api: ComputeApi, server_id: str, action: str) -> None:
    assert api.action(server_id, {action: None})[0] in (202, 204)
    api.servers.run_worker(10)


def test_resizes_are_migrations(api: ComputeApi) -> None:
    server_id, other_id = api.create_active(), api.create_active()
    assert list_migrations(api) == []
    resize(api, server_id, "2")
    [migration] = list_migrations(api)
    assert migration == {
        "id": migration["id"],
        "uuid": migration["uuid"],
        "status": "finished",
        "migration_type": "resize",
        "instance_uuid": server_id,
        "source_node": "sim",
        "source_compute": "sim",
        "dest_node": "sim",
        "dest_compute": "sim",
        "dest_host": None,
        "old_instance_type_id": None,
        "new_instance_type_id": None,
        "user_id": migration["user_id"],
        "project_id": api.callers.projects["green"],
        "created_at": migration["created_at"],
        "updated_at": migration["updated_at"],
    }
    [oldest_form] = list_migrations(api, microversion=1)
    assert not {"uuid", "migration_type", "user_id", "project_id"} & set(oldest_form)
    act(api, server_id, "confirmResize")
    resize(api, other_id, "2")
    act(api, other_id, "revertResize")
    resize(api, server_id, "3")
    statuses = [(item["instance_uuid"], item["status"]) for item in list_migrations(api)]
    assert statuses == [(server_id, "finished"), (other_id, "reverted"), (server_id, "confirmed")]
    assert api.action(other_id, {"resize": {"flavorRef": "2"}})[0] == 202
    assert list_migrations(api)[0]["status"] == "migrating"
    assert api("GET", PATH).status_code == 403


def test_filters_and_pages(api: ComputeApi) -> None:
    server_id, other_id = api.create_active(), api.create_active()
    for name in (server_id, other_id):
        resize(api, name, "2")
    act(api, other_id, "confirmResize")
    newest, oldest = list_migrations(api)
    for query, expected in (
        ("", [newest, oldest]),
        (f"instance_uuid={server_id}", [oldest]),
        ("status=confirmed", [newest]),
        ("host=sim&migration_type=resize", [newest, oldest]),
        ("source_compute=other", []),
        ("migration_type=live-migration", []),
        (f"project_id={newest['project_id']}&user_id=nobody", []),
        (f"changes-since={newest['updated_at']}", [newest]),
        (f"changes-before={oldest['updated_at']}", [oldest]),
        ("limit=1", [newest]),
        (f"limit=1&marker={newest['uuid']}", [oldest]),
    ):
        assert list_migrations(api, query) == expected, query
    assert "migrations_links" in api.ok("GET", f"{PATH}?limit=1", caller="admin", microversion=59)
    for query in ("changes-since=soon", "limit=x", "marker=none"):
        assert api("GET", f"{PATH}?{query}", caller="admin", microversion=80).status_code == 400
