"""Availability zones of the simulated cloud."""

from stratiform.connectors.memory.client import SimulatedRequest
from stratiform.contract.errors import RequestRejected


def resolve_zone(request: SimulatedRequest, zone: str) -> str:
    """Return `zone`, or the default zone if it is empty. Raises: RequestRejected for an unknown zone."""
    if zone and zone not in request.zones:
        raise RequestRejected(f"availability zone '{zone}' not found; zones: {', '.join(request.zones)}")
    return zone or request.zones[0]
