"""Flavors of an OpenStack cloud that have the size of a server.

Source: Compute API, "Flavors".
"""

from typing import TYPE_CHECKING

import msgspec

from stratiform.contract.compute import ServerSize
from stratiform.contract.errors import RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

#: The number of flavors that an error message lists.
_MAX_LISTED = 8


class Flavor(msgspec.Struct, frozen=True):
    """A flavor in a list. `ephemeral`: GiB of a second disk."""

    id: str
    name: str
    vcpus: int
    ram: int
    disk: int
    ephemeral: int = msgspec.field(name="OS-FLV-EXT-DATA:ephemeral", default=0)
    is_disabled: bool = msgspec.field(name="OS-FLV-DISABLED:disabled", default=False)


def find_flavor(client: "Client", size: ServerSize) -> Flavor:
    """Return the flavor that `size.native_type` names by id or name, else one with the size.

    It has exactly the vCPUs and the memory, because the customer pays for these; its disk may be larger. A size without
    a disk, of a server that boots from a volume, has any. Raises: RequestRejected if there is none.
    """
    flavors = list(client.list_items("compute", "/flavors/detail", "flavors", Flavor))
    if size.native_type:
        return _find_named(flavors, size.native_type)
    matches = [
        flavor
        for flavor in flavors
        if (flavor.vcpus, flavor.ram) == (size.vcpus, size.ram_mib)
        and flavor.disk >= size.disk_gib
        and not flavor.is_disabled
    ]
    if not matches:
        listed = ", ".join(f"{flavor.name} ({flavor.vcpus}/{flavor.ram}/{flavor.disk})" for flavor in flavors)
        raise RequestRejected(
            f"no flavor of the cloud has {size.vcpus} vCPUs, {size.ram_mib} MiB of memory and a disk of "
            f"{size.disk_gib} GiB",
            hint="register a flavor of the cloud for this flavor: stratiform clouds flavors register --native NAME; "
            f"its flavors (vCPUs/MiB/GiB): {_shorten(listed)}",
        )
    return min(matches, key=lambda flavor: (flavor.disk, flavor.ephemeral, flavor.name))


def _find_named(flavors: list[Flavor], native_type: str) -> Flavor:
    """An id has precedence over a name."""
    by_name = {flavor.name: flavor for flavor in flavors}
    by_id = {flavor.id: flavor for flavor in flavors}
    flavor = by_id.get(native_type) or by_name.get(native_type)
    if flavor is None:
        raise RequestRejected(
            f"flavor '{native_type}' of the cloud not found", hint=f"flavors: {_shorten_names(flavors)}"
        )
    return flavor


def _shorten_names(flavors: list[Flavor]) -> str:
    return _shorten(", ".join(flavor.name for flavor in flavors))


def _shorten(listed: str) -> str:
    items = listed.split(", ")
    return ", ".join(items[:_MAX_LISTED]) + (", …" if len(items) > _MAX_LISTED else "")
