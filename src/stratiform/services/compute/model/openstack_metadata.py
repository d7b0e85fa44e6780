"""Files of the format `openstack`, of the metadata service and of config drives.

Source: Nova's user guide, "Metadata", section "OpenStack format metadata"; nova/api/metadata/base.py.
"""

import base64
from collections.abc import Callable, Mapping

from stratiform.services.compute.model.guest_data import (
    GRIZZLY,
    HAVANA,
    LIBERTY,
    NEWTON_ONE,
    NEWTON_TWO,
    VICTORIA,
    GuestData,
    encode_json,
)
from stratiform.services.compute.model.network_data import build_network_data

META_DATA, USER_DATA, PASSWORD = "meta_data.json", "user_data", "password"


def build_openstack_files(data: GuestData, version: str) -> Mapping[str, bytes]:
    """Return the files of one version folder by name."""
    return {name: build(data) for name, build in _select_builders(data, version).items()} | {
        META_DATA: encode_json(build_meta_data(data, version))
    }


def build_meta_data(data: GuestData, version: str) -> dict[str, object]:
    """Return the content of `meta_data.json`."""
    server = data.server
    meta: dict[str, object] = {"uuid": server.id}
    if server.metadata:
        meta["meta"] = server.metadata
    if server.key_name:
        key_type = "x509" if server.public_key.startswith("-----BEGIN") else "ssh"
        meta["public_keys"] = {server.key_name: server.public_key}
        meta["keys"] = [{"name": server.key_name, "type": key_type, "data": server.public_key}]
    meta |= {
        "hostname": data.hostname,
        "name": server.name,
        "launch_index": server.launch_index,
        "availability_zone": server.zone,
    }
    if version >= GRIZZLY:
        meta["random_seed"] = base64.b64encode(data.random_seed).decode()
    if version >= LIBERTY:
        meta["project_id"] = server.project_id
    if version >= NEWTON_ONE:
        meta["devices"] = []  # only devices with tags are listed
    if version >= VICTORIA:
        meta["dedicated_cpus"] = []
    return meta


def decode_user_data(data: GuestData) -> bytes:
    """Return the user data as the customer wrote it."""
    return base64.b64decode(data.server.user_data)


def _select_builders(data: GuestData, version: str) -> dict[str, Callable[[GuestData], bytes]]:
    builders: dict[str, Callable[[GuestData], bytes]] = {}
    if data.server.user_data:
        builders[USER_DATA] = decode_user_data
    if version >= HAVANA:
        builders[PASSWORD] = lambda data: data.password.encode()
        builders["vendor_data.json"] = lambda data: encode_json(data.vendor_data)
    if version >= LIBERTY:
        builders["network_data.json"] = lambda data: encode_json(build_network_data(data.interfaces))
    if version >= NEWTON_TWO:
        builders["vendor_data2.json"] = lambda data: encode_json({"static": data.vendor_data})
    return builders
