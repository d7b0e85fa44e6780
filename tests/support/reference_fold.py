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

#: Neutron's noun → type in the ledger, and the attributes with the keys that tell them.
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

#: Of these a null or an empty text says that there is none; of all others it says nothing.
CAN_GO = ("port_id", "device_owner", "device_id", "external_network_id")


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
    for said in rows.values():
        said.sort(key=lambda row: (row["at"], row["message"]))
    found = []
    for (kind, resource), said in sorted(rows.items()):
        parents = [row["parent"] for row in said if row.get("parent")]
        with_it = end_of(rows[parents[-1]]) if parents and parents[-1] in rows else None
        found += [{**segment, "cloud": cloud} for segment in segments(kind, resource, said, with_it)]
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
    told = {name: row[key] for name, key in keys.items() if key in row}
    if noun == "router" and "external_gateway_info" in row:
        told["external_network_id"] = (row["external_gateway_info"] or {}).get("network_id")
    return {
        "type": kind,
        "id": row["id"],
        "project": row["project_id"],
        "name": row["floating_ip_address"] if noun == "floatingip" else row["name"],
        "state": None,
        "launched": time_of(row["created_at"]),
        "ends": [None, None, "at" if verb == "delete.end" else None],
        "parent": ("network", row["network_id"]) if noun in ("port", "subnet") else None,
        "told": {name: value or "" if name in CAN_GO else value for name, value in told.items()},
    }


def image(row: Row, verb: str, at: Any) -> Row:
    there = row["status"] in ("active", "deactivated")
    told = {name: row[key] for name, key in IMAGE.items()}
    return {
        "type": "image",
        "id": row["id"],
        "project": row["owner"],
        "name": row["name"],
        "state": row["status"] if there else None,
        "launched": at if there else None,
        "ends": [None, None, "at" if verb == "delete" else None],
        "told": {name: value for name, value in told.items() if value is not None},
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
        "told": {name: row[key] for name, key in SNAPSHOT.items()},
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
        "at_machines": ",".join(
            sorted(one["instance_uuid"] for one in row["volume_attachment"] if one["attach_status"] == "attached")
        ),
    }


def precise(moments: list[int]) -> int:
    first = min(moments)
    same_second = [moment for moment in moments if moment // 1_000_000 == first // 1_000_000 and moment % 1_000_000]
    return min(same_second) if first % 1_000_000 == 0 and same_second else first


def end_of(said: list[Row], with_it: int | None = None) -> int | None:
    """The best word on the end; that of the parent is as good as that it is gone."""
    for rank in range(3):
        ends = [
            row["at"] if row["ends"][rank] == "at" else row["ends"][rank]
            for row in said
            if row["ends"][rank] is not None
        ]
        if rank == 2 and with_it is not None:
            ends.append(with_it)
        if ends:
            return precise(ends)
    return None


def segments(kind: str, resource: str, said: list[Row], with_it: int | None) -> list[Row]:
    launches = [row["launched"] for row in said if row["launched"] is not None]
    if not launches:
        return []
    start, end = precise(launches), end_of(said, with_it)
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
    elif kind == "volume":
        attributes = {
            "attached_to": word("at_machines") or None,
            "availability_zone": word("zone"),
            "size_gib": word("size"),
            "volume_type": word("volume_type"),
        }
    else:
        names = sorted({name for row in said for name in row["told"]})
        attributes = {name: None if (it := last_told(said, name, instant)) == "" else it for name in names}
    return {
        "resource_type": kind,
        "resource_id": resource,
        "project_id": word("project"),
        "state": word("state") or ("available" if kind == "volume" else "active"),
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def last_told(said: list[Row], name: str, instant: int) -> Any:
    """Of one attribute: the last word on it until `instant`, else the first one after."""
    told = [row for row in said if row["told"].get(name) is not None]
    until = [row["told"][name] for row in told if row["at"] <= instant]
    return until[-1] if until else told[0]["told"][name] if told else None
