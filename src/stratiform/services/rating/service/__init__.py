"""The rating service: price plans, and the charges that follow from them."""

from dataclasses import dataclass

from stratiform.kit.ids import Ids
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.service.cloud_prices import CloudPrices
from stratiform.services.rating.service.plans import PricePlans
from stratiform.services.rating.service.sampled_usage import SampledUsageReader
from stratiform.services.rating.service.usage_rating import UsageRating


@dataclass(frozen=True, slots=True)
class RatingService:
    """Price plans and charges. `catalog` has the resource types that can be priced."""

    catalog: MeterCatalog
    plans: PricePlans
    usage_rating: UsageRating
    cloud_prices: CloudPrices
    meter_usages: SampledUsageReader

    @classmethod
    def build(cls, ids: Ids, ledger: LedgerService) -> "RatingService":
        plans, usage_rating = PricePlans(ids, ledger.catalog), UsageRating()
        prices = CloudPrices(plans, usage_rating)
        return cls(ledger.catalog, plans, usage_rating, prices, SampledUsageReader(ledger))
