"""The values of segments: type, physical network and segmentation ID. Source: neutron/plugins/ml2/drivers/type_*.py."""

from collections.abc import Mapping
from typing import Any

from stratiform.kit.errors import Conflict
from stratiform.services.network.errors import InvalidInput
from stratiform.services.network.errors.segments import FlatNetworkInUse, TunnelIdInUse, VlanIdInUse

#: The values of a segment, with the prefix `provider_` also those of a network.
SEGMENT_FIELDS = ("network_type", "physical_network", "segmentation_id")

#: The highest segmentation ID by type of network; the lowest is 1. Source: neutron_lib/constants.py.
_LAST_SEGMENTATION_IDS = {"vlan": 4094, "vxlan": 2**24 - 1, "geneve": 2**24 - 1, "gre": 2**32 - 1}

_TUNNEL_TYPES = ("geneve", "gre", "vxlan")


def check_segmentation_id(segment: Mapping[str, Any]) -> None:
    """Raises: InvalidInput."""
    segmentation_id = segment["segmentation_id"]
    last = _LAST_SEGMENTATION_IDS.get(segment["network_type"] or "", 2**32 - 1)
    if segmentation_id is not None and not 1 <= segmentation_id <= last:
        raise InvalidInput(f"segmentation_id out of range (1 through {last}).")


def check_segment(segment: Mapping[str, Any]) -> None:
    """Check the values of a new segment. Raises: InvalidInput."""
    check_segmentation_id(segment)
    kind, physical_network, segmentation_id = (segment[name] for name in SEGMENT_FIELDS)
    if kind is None and (physical_network or segmentation_id):
        raise InvalidInput("network_type required")
    if kind == "flat" and not physical_network:
        raise InvalidInput("physical_network required for flat provider network")
    if kind in ("flat", "local"):
        prohibited = {
            "segmentation_id": segmentation_id,
            "physical_network": physical_network if kind == "local" else "",
        }
        for name, value in prohibited.items():
            if value:
                raise InvalidInput(f"{name} prohibited for {kind} provider network")
    elif kind == "vlan" and segmentation_id and not physical_network:
        raise InvalidInput("segmentation_id requires physical_network for VLAN provider network")
    elif kind in _TUNNEL_TYPES and physical_network:
        raise InvalidInput(f"provider:physical_network specified for {kind} network")
    elif kind not in (None, "vlan", *_TUNNEL_TYPES):
        raise InvalidInput(f"network_type value '{kind}' not supported")


def build_fingerprint(segment: Mapping[str, Any]) -> str | None:
    """Return a text that only segments on the same layer 2 network have in common; None if the cloud chooses it."""
    kind, physical_network, segmentation_id = (segment[name] for name in SEGMENT_FIELDS)
    if kind == "flat" and physical_network:
        return f"flat/{physical_network}"
    if kind == "vlan" and physical_network and segmentation_id:
        return f"vlan/{physical_network}/{segmentation_id}"
    if kind in _TUNNEL_TYPES and segmentation_id:
        return f"{kind}/{segmentation_id}"
    return None


def build_in_use_error(segment: Mapping[str, Any]) -> Conflict:
    """Return the error for a segment whose fingerprint another one has."""
    if segment["network_type"] == "flat":
        return FlatNetworkInUse(segment["physical_network"])
    if segment["network_type"] == "vlan":
        return VlanIdInUse(segment["segmentation_id"], segment["physical_network"])
    return TunnelIdInUse(segment["segmentation_id"])
