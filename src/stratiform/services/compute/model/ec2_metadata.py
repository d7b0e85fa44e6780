"""The tree of the format `ec2`. Source: nova/api/metadata/base.py; Amazon EC2 user guide, "Instance metadata"."""

from collections.abc import Mapping

from stratiform.services.compute.model.ec2_ids import encode_ec2_id
from stratiform.services.compute.model.guest_data import GuestData
from stratiform.services.compute.model.openstack_metadata import decode_user_data

#: A folder, a list of lines, a text or raw data.
Ec2Item = Mapping[str, "Ec2Item"] | list[str] | str | bytes

#: The name of a folder in its parent's list if it differs from its key.
LISTED_NAME = "_name"

#: The first version with the item; those of the oldest version are not listed.
_SINCE = {
    "local-hostname": "2007-01-19",
    "public-hostname": "2007-01-19",
    "public-ipv4": "2007-01-19",
    "block-device-mapping": "2007-12-15",
    "instance-type": "2007-08-29",
    "placement": "2008-02-01",
    "instance-action": "2008-09-01",
}


def build_ec2_tree(data: GuestData, version: str) -> dict[str, Ec2Item]:
    """Return the items of one version folder: `meta-data`, and `user-data` if there is any."""
    items = {name: item for name, item in _build_items(data).items() if version >= _SINCE.get(name, "")}
    tree: dict[str, Ec2Item] = {"meta-data": items}
    if data.server.user_data:
        tree["user-data"] = decode_user_data(data)
    return tree


def render_ec2_item(item: Ec2Item) -> bytes:
    """Return the response for an item: one line for each item of a folder, folders with a slash."""
    if isinstance(item, bytes):
        return item
    if isinstance(item, Mapping):
        return "\n".join(_render_name(key, child) for key, child in sorted(item.items()) if key != LISTED_NAME).encode()
    return ("\n".join(item) if isinstance(item, list) else item).encode()


def convert_to_json(item: Ec2Item) -> object:
    """Return an item as config drives have it: folders are objects without the names in lists."""
    if isinstance(item, Mapping):
        return {key: convert_to_json(child) for key, child in item.items() if key != LISTED_NAME}
    return item.decode() if isinstance(item, bytes) else item


def _render_name(key: str, item: Ec2Item) -> str:
    if not isinstance(item, Mapping):
        return key
    return str(item.get(LISTED_NAME, f"{key}/"))


def _build_items(data: GuestData) -> dict[str, Ec2Item]:
    server = data.server
    local = [ip["ip_address"] for interface in data.interfaces for ip in interface.port.fixed_ips]
    public = [address for interface in data.interfaces for address in interface.floating_addresses]
    items: dict[str, Ec2Item] = {
        "ami-id": encode_ec2_id("ami", server.image_id),
        "ami-launch-index": str(server.launch_index),
        "ami-manifest-path": "FIXME",  # Nova's own text, because manifests do not exist
        "instance-id": encode_ec2_id("i", server.id),
        "hostname": data.hostname,
        "local-ipv4": next((address for address in local if ":" not in address), ""),
        "reservation-id": server.reservation_id,
        "security-groups": list(server.security_groups),
        "local-hostname": data.hostname,
        "public-hostname": data.hostname,
        "public-ipv4": public[0] if public else "",
        "block-device-mapping": _build_block_devices(data),
        "instance-type": server.flavor["name"],
        "placement": {"availability-zone": server.zone},
        "instance-action": "none",
    }
    if server.key_name:
        key: Ec2Item = {LISTED_NAME: f"0={server.key_name}", "openssh-key": server.public_key}
        items["public-keys"] = {"0": key}
    return items


def _build_block_devices(data: GuestData) -> Mapping[str, Ec2Item]:
    devices: dict[str, Ec2Item] = {"ami": "vda", "root": "/dev/vda"}
    for number, attachment in enumerate(sorted(data.attachments, key=lambda attachment: attachment.device)):
        devices[f"ebs{number}"] = attachment.device
    return devices
