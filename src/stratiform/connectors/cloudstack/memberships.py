"""Memberships of servers in security groups, as tags: one for each address and group.

In isolated networks CloudStack has no security groups of servers; the firewall of the network applies them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from stratiform.connectors.cloudstack.markers import GROUP_PREFIX, read_tags


def build_group_tags(address: str, group_ids: Iterable[str]) -> dict[str, str]:
    """Return the tags of an interface that is in these groups."""
    return {f"{GROUP_PREFIX}{address}:{group_id}": "1" for group_id in group_ids}


def list_memberships(vm: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the native ids of the groups of a server by address."""
    groups: dict[str, set[str]] = {}
    for key in read_tags(vm):
        if key.startswith(GROUP_PREFIX):
            address, _, group_id = key.removeprefix(GROUP_PREFIX).rpartition(":")
            groups.setdefault(address, set()).add(group_id)
    return groups
