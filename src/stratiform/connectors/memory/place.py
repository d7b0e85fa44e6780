"""Where in the simulated cloud something goes."""

from stratiform.connectors.memory.client import Request
from stratiform.contract.errors import RequestRejected


def zone_of(request: Request, wanted: str) -> str:
    """`wanted`, or the first zone where none is named. Raises Refused for an unknown one."""
    if wanted and wanted not in request.zones:
        raise RequestRejected(f"there is no zone '{wanted}' in this cloud: it has {', '.join(request.zones)}")
    return wanted or request.zones[0]
