"""Transfers of volumes between projects."""

from support.volume_api import Api


def offer(api: Api, volume_id: str) -> tuple[str, str]:
    """Create a transfer. Return its id and its key."""
    transfer = api.ok("POST", "/volume-transfers", {"transfer": {"volume_id": volume_id, "name": "t"}})["transfer"]
    return transfer["id"], transfer["auth_key"]


def test_transfer_moves_a_volume_with_its_snapshots_and_usage(api: Api) -> None:
    volume = api.create(size=2)
    snapshot = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume["id"]}})["snapshot"]
    api.volumes.run_worker(2)
    transfer_id, key = offer(api, volume["id"])
    assert api.ok("GET", f"/volumes/{volume['id']}")["volume"]["status"] == "awaiting-transfer"
    path = f"/os-volume-transfer/{transfer_id}"
    assert "auth_key" not in api.ok("GET", path)["transfer"]
    assert api("GET", path, caller="outsider").status_code == 404
    wrong = api("POST", f"{path}/accept", {"accept": {"auth_key": "wrong"}}, caller="outsider")
    assert (wrong.status_code, wrong.json()["badRequest"]["message"]) == (
        400,
        f"Invalid auth key: Attempt to transfer {transfer_id} with invalid auth key.",
    )
    api.ok("POST", f"{path}/accept", {"accept": {"auth_key": key}}, caller="outsider")
    assert api("GET", f"/volumes/{volume['id']}").status_code == 404
    moved = api.ok("GET", f"/volumes/{volume['id']}", caller="outsider")["volume"]
    assert (moved["status"], moved["os-vol-tenant-attr:tenant_id"]) == ("available", api.projects["there"])
    assert api.ok("GET", f"/snapshots/{snapshot['id']}", caller="outsider")["snapshot"]["status"] == "available"
    assert api.ok("GET", "/volume-transfers")["transfers"] == []
    for prefix, event_type in (("volume.", "volume.transfer.accept.end"), ("snapshot.", "snapshot.update.end")):
        event = api.volumes.events(prefix)[-1]
        assert (event.event_type, event.payload["tenant_id"]) == (event_type, api.projects["there"])


def test_transfers_are_listed_and_cancelled(api: Api) -> None:
    volume = api.create()
    transfer_id, _ = offer(api, volume["id"])
    assert api("POST", "/volume-transfers", {"transfer": {"volume_id": volume["id"]}}).status_code == 400
    assert [item["id"] for item in api.ok("GET", "/os-volume-transfer", limit=1)["transfers"]] == [transfer_id]
    [detail] = api.ok("GET", "/volume-transfers/detail")["transfers"]
    assert (detail["source_project_id"], detail["accepted"]) == (api.projects["here"], False)
    assert api.ok("GET", "/volume-transfers", caller="outsider")["transfers"] == []
    assert api("DELETE", f"/volume-transfers/{transfer_id}").status_code == 202
    assert api.ok("GET", f"/volumes/{volume['id']}")["volume"]["status"] == "available"


def test_accepting_counts_against_the_quota_of_the_new_project(api: Api) -> None:
    api.ok("PUT", f"/os-quota-sets/{api.projects['there']}", {"quota_set": {"volumes": 0}}, caller="admin")
    transfer_id, key = offer(api, api.create()["id"])
    accept = {"accept": {"auth_key": key}}
    assert api("POST", f"/volume-transfers/{transfer_id}/accept", accept, caller="outsider").status_code == 413
