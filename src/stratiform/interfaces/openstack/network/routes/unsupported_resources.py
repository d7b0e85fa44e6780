"""Resources of Neutron that depend on its agents and drivers: lists are empty, other operations are refused."""

from dataclasses import dataclass
from typing import Any

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.kit.errors import NotFound
from stratiform.kit.policy import Rule
from stratiform.services.network import policy


@dataclass(frozen=True, slots=True)
class _Unsupported:
    """A collection without resources, and the reason why none can be created."""

    path: str
    collection: str
    parameter: str
    title: str
    get_rule: Rule
    change_rule: Rule
    reason: str


_COLLECTIONS = (
    _Unsupported(
        "/network_segment_ranges",
        "network_segment_ranges",
        "network_segment_range_id",
        "Network Segment Range",
        policy.SEGMENT_RANGES.get,
        policy.SEGMENT_RANGES.create,
        "Network segment ranges are not supported: clouds assign the segments of networks.",
    ),
)


def _declare(item: _Unsupported) -> None:
    def list_resources(_request: ApiRequest) -> dict[str, list[Any]]:
        """Not supported: the list is empty."""
        return {item.collection: []}

    def show_resource(_request: ApiRequest, **ids: str) -> None:
        """Not supported: no resource exists."""
        raise NotFound(f"{item.title} {ids[item.parameter]} could not be found.")

    item_path = f"{item.path}/{{{item.parameter}}}"
    api.get(item.path, item.get_rule)(list_resources)
    api.get(item_path, item.get_rule)(show_resource)
    api.put(item_path, item.change_rule)(show_resource)
    api.delete(item_path, item.change_rule)(show_resource)
    api.declare_unsupported("POST", item.path, item.change_rule, item.reason)


for _item in _COLLECTIONS:
    _declare(_item)
