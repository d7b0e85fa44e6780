"""The ledger's rules once more, slow and obvious: ask at every instant what holds there, from the messages themselves.

Shares no line with the product: it reads the payloads by itself and goes from instant to instant instead of
from statement to statement.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRANSIENT_NOVA = {None, "", "building", "deleted"}
KEPT_CINDER = {"available", "in-use", "maintenance"}
UNSURE_CINDER = {
    "creating",
    "downloading",
    "error",
    "error_deleting",
    "error_managing",
    "managing",
    "deleting",
    "deleted",
}


def time_of(text: Any) -> int | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)


def text_of(us: int | None) -> str | None:
    if us is None:
        return None
    return (EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def usage(lines: list[bytes], cloud: str = "openstack") -> list[Row]:
    """Segments of the given recorder's lines, as the list command shows them."""
    messages: dict[str, Row] = {}
    for line in lines:
        message = json.loads(json.loads(line)["body"]["oslo.message"])
        messages.setdefault(message["message_id"], message)
    rows: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for message in messages.values():
        for row in statement(message):
            rows[row["type"], row["id"]].append(row)
    found = []
    for (kind, resource), said in sorted(rows.items()):
        said.sort(key=lambda row: (row["at"], row["message"]))
        found += [{**segment, "cloud": cloud} for segment in segments(kind, resource, said)]
    return found


def statement(message: Row) -> list[Row]:
    kind, payload = message["event_type"], message["payload"]
    base = {"at": time_of(message["timestamp"]), "message": message["message_id"]}
    if kind.startswith("compute.instance."):
        return [
            base
            | nova(payload, payload, payload["instance_id"], payload["instance_type"], payload["instance_flavor_id"])
            | {"image": payload["image_meta"].get("base_image_ref")}
        ]
    if kind.startswith("instance."):
        data = payload["nova_object.data"]
        flavor = data["flavor"]["nova_object.data"]
        shelf = data["state"] in ("shelved", "shelved_offloaded")
        return [
            base
            | nova(data, flavor, data["uuid"], flavor["name"], flavor["flavorid"])
            | {"image": None if shelf else data["image_uuid"]}
        ]
    if kind.startswith("volume."):
        return [base | cinder(kind, payload, base["at"])]
    return []


def nova(row: Row, flavor: Row, resource: str, name: str, flavor_id: str) -> Row:
    launched = time_of(row["launched_at"])
    deleted = row["state"] == "deleted"
    return {
        "type": "instance",
        "id": resource,
        "project": row["tenant_id"],
        "name": row["display_name"],
        "state": row["state"] if launched and row["state"] not in TRANSIENT_NOVA else None,
        "launched": launched,
        "ends": [
            time_of(row["terminated_at"]),
            time_of(row["deleted_at"]) if deleted else None,
            "at" if deleted else None,
        ],
        "zone": row["availability_zone"],
        "flavor": name,
        "flavor_id": flavor_id,
        "vcpus": flavor["vcpus"],
        "ram": flavor["memory_mb"],
        "root": flavor["root_gb"],
        "ephemeral": flavor["ephemeral_gb"],
    }


def cinder(kind: str, row: Row, at: Any) -> Row:
    status, launched = row["status"], time_of(row["launched_at"])
    if status in UNSURE_CINDER and launched is not None and launched % 1_000_000 and at - launched < 1_000_000:
        launched = None
    gone = None
    if kind == "volume.delete.end":
        begin, end = row.get("audit_period_beginning"), row.get("audit_period_ending")
        gone = time_of(end) if end and begin == end else at
    state = status if status in KEPT_CINDER else "error" if status.startswith("error") else None
    return {
        "type": "volume",
        "id": row["volume_id"],
        "project": row["tenant_id"],
        "name": row["display_name"],
        "state": state if launched else None,
        "launched": launched,
        "ends": [None, gone, "at" if status == "deleted" else None],
        "zone": row["availability_zone"],
        "size": row["size"],
        "volume_type": row["volume_type"],
    }


def precise(moments: list[int]) -> int:
    first = min(moments)
    same_second = [moment for moment in moments if moment // 1_000_000 == first // 1_000_000 and moment % 1_000_000]
    return min(same_second) if first % 1_000_000 == 0 and same_second else first


def segments(kind: str, resource: str, said: list[Row]) -> list[Row]:
    launches = [row["launched"] for row in said if row["launched"] is not None]
    if not launches:
        return []
    start, end = precise(launches), None
    for rank in range(3):
        ends = [
            row["at"] if row["ends"][rank] == "at" else row["ends"][rank]
            for row in said
            if row["ends"][rank] is not None
        ]
        if ends:
            end = precise(ends)
            break
    instants = [start, *sorted({row["at"] for row in said if row["at"] > start and (end is None or row["at"] < end)})]
    if end is not None and end <= start:
        return []
    made: list[Row] = []
    for instant in instants:
        standing = holds(kind, resource, said, instant)
        if not made or made[-1]["what"] != standing:
            made.append({"what": standing, "start": instant})
    stops = [one["start"] for one in made[1:]] + [end]
    name = [row["name"] for row in said if row["name"]][-1:] or [""]
    return [
        {**one["what"], "name": name[0], "start": text_of(one["start"]), "end": text_of(stop)}
        for one, stop in zip(made, stops, strict=True)
    ]


def holds(kind: str, resource: str, said: list[Row], instant: int) -> Row:
    """What stands at `instant`: the last word on it until then, else the first one after."""

    def word(name: str) -> Any:
        before = [row[name] for row in said if row["at"] <= instant and row.get(name) is not None]
        after = [row[name] for row in said if row["at"] > instant and row.get(name) is not None]
        return before[-1] if before else after[0] if after else None

    if kind == "instance":
        attributes = {
            "availability_zone": word("zone"),
            "disk_gib": (word("root") or 0) + (word("ephemeral") or 0),
            "ephemeral_gib": word("ephemeral"),
            "flavor": word("flavor"),
            "flavor_id": word("flavor_id"),
            "image_id": word("image"),
            "ram_mib": word("ram"),
            "root_gib": word("root"),
            "vcpus": word("vcpus"),
        }
    else:
        attributes = {"availability_zone": word("zone"), "size_gib": word("size"), "volume_type": word("volume_type")}
    return {
        "resource_type": kind,
        "resource_id": resource,
        "project_id": word("project"),
        "state": word("state") or {"instance": "active", "volume": "available"}[kind],
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }
