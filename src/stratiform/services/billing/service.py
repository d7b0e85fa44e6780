"""The verbs of billing."""

from dataclasses import dataclass

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids
from stratiform.services.identity.service import IdentityService
from stratiform.services.metering.service import MeteringService
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class BillingService:
    """See the package's own page."""

    database: Database
    ids: Ids
    identity: IdentityService
    metering: MeteringService
    rating: RatingService
