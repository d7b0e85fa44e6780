"""Prices of servers by cloud, for the placement of new servers."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.clouds.service.price_estimates import PricedServer
from stratiform.services.ledger.model import Segment
from stratiform.services.rating.service.plans import PricePlans
from stratiform.services.rating.service.usage_rating import UsageRating


@dataclass(frozen=True, slots=True)
class CloudPrices:
    """Implements `clouds.service.price_estimates.PriceSource` with price plans."""

    plans: PricePlans
    usage_rating: UsageRating

    def has_plan(self, db: Connection, plan_name: str) -> bool:
        return self.plans.find(db, plan_name) is not None

    def estimate_hourly_price(self, db: Connection, plan_name: str, server: PricedServer, at: Micros) -> int | None:
        """Return what an active server costs per hour, in 10^-10 of the plan's currency.

        Return None if a measure of it has no price, or the plan does not exist any more.
        """
        plan = self.plans.find(db, plan_name)
        if plan is None:
            return None
        attributes = {
            "flavor": server.flavor_name,
            "flavor_id": server.flavor_id,
            "availability_zone": server.zone,
            "vcpus": server.vcpus,
            "ram_mib": server.ram_mib,
            "disk_gib": server.root_gib + server.ephemeral_gib,
            "root_gib": server.root_gib,
            "ephemeral_gib": server.ephemeral_gib,
        }
        segment = Segment(server.cloud_name, "instance", "", server.project_id, at, None, "active", attributes)
        return self.usage_rating.find_hourly_rate(plan, segment, at)
