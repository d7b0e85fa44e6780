"""Floating IPs of the network service, as Nova shows them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerFloatingIp:
    """A floating IP. `pool`: the name of its network; `server_id`, `fixed_ip`: what it is associated with."""

    id: str
    address: str
    pool: str
    server_id: str | None = None
    fixed_ip: str | None = None
