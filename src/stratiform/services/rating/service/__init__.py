"""The rating service: price plans, and the charges that follow from them."""

from dataclasses import dataclass

from stratiform.kit.ids import Ids
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.service.charges import Charges
from stratiform.services.rating.service.plans import Plans
from stratiform.services.rating.service.sampled_usage import MeterUsages


@dataclass(frozen=True, slots=True)
class RatingService:
    """Price plans and charges. `catalog` has the resource types that can be priced."""

    catalog: MeterCatalog
    plans: Plans
    charges: Charges
    meter_usages: MeterUsages

    @classmethod
    def build(cls, ids: Ids, ledger: LedgerService) -> "RatingService":
        return cls(ledger.catalog, Plans(ids, ledger.catalog), Charges(), MeterUsages(ledger))
