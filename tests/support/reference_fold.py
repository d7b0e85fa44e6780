"""A slow and simple second implementation of the fold, computed for every instant from the messages themselves.

Shares no code with the product: it parses the payloads itself and iterates over instants instead of statements.
"""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TRANSIENT_NOVA = {None, "", "building", "deleted"}
STABLE_CINDER = {"available", "in-use", "maintenance"}
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

#: Neutron's noun → type in the ledger, and the attributes with the keys of their values.
NEUTRON: dict[str, tuple[str, dict[str, str]]] = {
    "floatingip": (
        "floating_ip",
        {"address": "floating_ip_address", "network_id": "floating_network_id", "port_id": "port_id"},
    ),
    "network": ("network", {"external": "router:external", "shared": "shared"}),
    "subnet": ("subnet", {"network_id": "network_id", "cidr": "cidr"}),
    "port": ("port", {"network_id": "network_id", "device_owner": "device_owner", "device_id": "device_id"}),
    "router": ("router", {"distributed": "distributed", "ha": "ha"}),
}

IMAGE = {"size_bytes": "size", "disk_format": "disk_format", "visibility": "visibility"}
SNAPSHOT = {"size_gib": "volume_size", "volume_id": "volume_id", "availability_zone": "availability_zone"}

#: Attributes for which null or an empty text means "none". For all others it means "unchanged".
CLEARABLE = ("port_id", "device_owner", "device_id", "external_network_id")


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
    for statements in rows.values():
        statements.sort(key=lambda row: (row["at"], row["message"]))
    result = []
    for (kind, resource), statements in sorted(rows.items()):
        parents = [row["parent"] for row in statements if row.get("parent")]
        parent_end = end_of(rows[parents[-1]]) if parents and parents[-1] in rows else None
        result += [{**segment, "cloud": cloud} for segment in segments(kind, resource, statements, parent_end)]
    return result


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
    noun, _, verb = kind.partition(".")
    if noun in NEUTRON and verb in ("create.end", "update.end", "delete.end", "exists"):
        return [base | neutron(noun, payload[noun], verb)]
    if noun == "image" and verb not in ("send",):
        return [base | image(payload, verb, base["at"])]
    if noun == "snapshot" and verb != "create.start":
        return [base | snapshot(payload, verb)]
    return []


def neutron(noun: str, row: Row, verb: str) -> Row:
    kind, keys = NEUTRON[noun]
    attributes = {name: row[key] for name, key in keys.items() if key in row}
    if noun == "router" and "external_gateway_info" in row:
        attributes["external_network_id"] = (row["external_gateway_info"] or {}).get("network_id")
    return {
        "type": kind,
        "id": row["id"],
        "project": row["project_id"],
        "name": row["floating_ip_address"] if noun == "floatingip" else row["name"],
        "state": None,
        "launched": time_of(row["created_at"]),
        "ends": [None, None, "at" if verb == "delete.end" else None],
        "parent": ("network", row["network_id"]) if noun in ("port", "subnet") else None,
        "attributes": {name: value or "" if name in CLEARABLE else value for name, value in attributes.items()},
    }


def image(row: Row, verb: str, at: Any) -> Row:
    there = row["status"] in ("active", "deactivated")
    attributes = {name: row[key] for name, key in IMAGE.items()}
    return {
        "type": "image",
        "id": row["id"],
        "project": row["owner"],
        "name": row["name"],
        "state": row["status"] if there else None,
        "launched": at if there else None,
        "ends": [None, None, "at" if verb == "delete" else None],
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def snapshot(row: Row, verb: str) -> Row:
    status = row["status"]
    return {
        "type": "snapshot",
        "id": row["snapshot_id"],
        "project": row["tenant_id"],
        "name": row["display_name"],
        "state": "active" if status == "available" else "error" if status.startswith("error") else None,
        "launched": time_of(row["created_at"]),
        "ends": [None, None, "at" if verb == "delete.end" else None],
        "parent": ("volume", row["volume_id"]),
        "attributes": {name: row[key] for name, key in SNAPSHOT.items()},
    }


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
    deleted_at = None
    if kind == "volume.delete.end":
        begin, end = row.get("audit_period_beginning"), row.get("audit_period_ending")
        deleted_at = time_of(end) if end and begin == end else at
    state = status if status in STABLE_CINDER else "error" if status.startswith("error") else None
    return {
        "type": "volume",
        "id": row["volume_id"],
        "project": row["tenant_id"],
        "name": row["display_name"],
        "state": state if launched else None,
        "launched": launched,
        "ends": [None, deleted_at, "at" if status == "deleted" else None],
        "zone": row["availability_zone"],
        "size": row["size"],
        "volume_type": row["volume_type"],
        "at_machines": ",".join(
            sorted(each["instance_uuid"] for each in row["volume_attachment"] if each["attach_status"] == "attached")
        ),
    }


def precise(moments: list[int]) -> int:
    first = min(moments)
    same_second = [moment for moment in moments if moment // 1_000_000 == first // 1_000_000 and moment % 1_000_000]
    return min(same_second) if first % 1_000_000 == 0 and same_second else first


def end_of(statements: list[Row], parent_end: int | None = None) -> int | None:
    """Return the most reliable end. That of the parent ranks like a deletion."""
    for rank in range(3):
        ends = [
            row["at"] if row["ends"][rank] == "at" else row["ends"][rank]
            for row in statements
            if row["ends"][rank] is not None
        ]
        if rank == 2 and parent_end is not None:
            ends.append(parent_end)
        if ends:
            return precise(ends)
    return None


def segments(kind: str, resource: str, statements: list[Row], parent_end: int | None) -> list[Row]:
    launches = [row["launched"] for row in statements if row["launched"] is not None]
    if not launches:
        return []
    start, end = precise(launches), end_of(statements, parent_end)
    instants = [
        start,
        *sorted({row["at"] for row in statements if row["at"] > start and (end is None or row["at"] < end)}),
    ]
    if end is not None and end <= start:
        return []
    result: list[Row] = []
    for instant in instants:
        current = holds(kind, resource, statements, instant)
        if not result or result[-1]["values"] != current:
            result.append({"values": current, "start": instant})
    stops = [each["start"] for each in result[1:]] + [end]
    name = [row["name"] for row in statements if row["name"]][-1:] or [""]
    return [
        {**each["values"], "name": name[0], "start": text_of(each["start"]), "end": text_of(stop)}
        for each, stop in zip(result, stops, strict=True)
    ]


def holds(kind: str, resource: str, statements: list[Row], instant: int) -> Row:
    """Return what holds at `instant`: the last value until then, else the first one after."""

    def value_of(name: str) -> Any:
        before = [row[name] for row in statements if row["at"] <= instant and row.get(name) is not None]
        after = [row[name] for row in statements if row["at"] > instant and row.get(name) is not None]
        return before[-1] if before else after[0] if after else None

    if kind == "instance":
        attributes = {
            "availability_zone": value_of("zone"),
            "disk_gib": (value_of("root") or 0) + (value_of("ephemeral") or 0),
            "ephemeral_gib": value_of("ephemeral"),
            "flavor": value_of("flavor"),
            "flavor_id": value_of("flavor_id"),
            "image_id": value_of("image"),
            "ram_mib": value_of("ram"),
            "root_gib": value_of("root"),
            "vcpus": value_of("vcpus"),
        }
    elif kind == "volume":
        attributes = {
            "attached_to": value_of("at_machines") or None,
            "availability_zone": value_of("zone"),
            "size_gib": value_of("size"),
            "volume_type": value_of("volume_type"),
        }
    else:
        names = sorted({name for row in statements for name in row["attributes"]})
        attributes = {name: None if (it := last_value(statements, name, instant)) == "" else it for name in names}
    return {
        "resource_type": kind,
        "resource_id": resource,
        "project_id": value_of("project"),
        "state": value_of("state") or ("available" if kind == "volume" else "active"),
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def last_value(statements: list[Row], name: str, instant: int) -> Any:
    """Return the last value of an attribute until `instant`, else the first one after."""
    with_value = [row for row in statements if row["attributes"].get(name) is not None]
    until = [row["attributes"][name] for row in with_value if row["at"] <= instant]
    return until[-1] if until else with_value[0]["attributes"][name] if with_value else None
