"""The verbs of rating."""

from dataclasses import dataclass

from stratiform.kit.ids import Ids


@dataclass(frozen=True, slots=True)
class RatingService:
    """See the package's own page."""

    ids: Ids
