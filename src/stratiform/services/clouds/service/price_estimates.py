"""Prices of clouds, for placement. The rating service, which is above this one, registers itself as their source."""

from dataclasses import dataclass
from typing import Protocol

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class PricedServer:
    """What the prices of a server depend on. `ram_mib` in MiB, disks in GiB."""

    project_id: str
    cloud_name: str
    zone: str
    flavor_id: str
    flavor_name: str
    vcpus: int
    ram_mib: int
    root_gib: int
    ephemeral_gib: int


class PriceSource(Protocol):
    """Reads price plans."""

    def has_plan(self, db: Connection, plan_name: str) -> bool:
        """Return True if a plan has this name."""

    def estimate_hourly_price(self, db: Connection, plan_name: str, server: PricedServer, at: Micros) -> int | None:
        """Return what a running server costs per hour, in 10^-10 of the plan's currency; None if it has no price."""


class PriceEstimates:
    """Holds the source of prices of this process."""

    def __init__(self) -> None:
        self._source: PriceSource | None = None

    def register(self, source: PriceSource) -> None:
        self._source = source

    def require_plan(self, db: Connection, plan_name: str) -> None:
        """Raises: Invalid if no plan has this name."""
        if self._source is None or not self._source.has_plan(db, plan_name):
            raise Invalid(f"Price plan '{plan_name}' not found", hint="see `stratiform price list`")

    def estimate(self, db: Connection, plan_name: str, server: PricedServer, at: Micros) -> int | None:
        """Return what a running server costs per hour, in 10^-10 of the plan's currency; None if it has no price."""
        return None if self._source is None else self._source.estimate_hourly_price(db, plan_name, server, at)
