"""Reports of sources about a resource: that it was in use, or that it was absent.

A source is an `.exists` notification or the inventory of a cloud.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stratiform.kit.clock import MINUTE_US, Micros
from stratiform.services.ingest.model.correction_observations import Observation

#: Events of the last minutes before an inventory may not have reached the ledger yet.
GRACE_PERIOD_US = 5 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Sighting:
    """A report at `at` that a resource was in use from `since` (None: unknown) to `until` (None: it still is).

    `observation` has the properties of the resource; None if they are in the ledger already. The ledger may lack events
    of the last `grace_us` microseconds before `at`.
    """

    source: str
    at: Micros
    since: Micros | None
    until: Micros | None = None
    observation: Observation | None = None
    grace_us: Micros = 0

    @property
    def used_until(self) -> Micros:
        """The instant up to which the ledger must have the use."""
        return self.at - self.grace_us if self.until is None else self.until


@dataclass(frozen=True, slots=True)
class Absence:
    """A report that a resource did not exist at `at`.

    A source that may omit existing resources is not conclusive; it is left to the operator. `grace_us`: see `Sighting`.
    """

    source: str
    at: Micros
    is_conclusive: bool
    grace_us: Micros = 0


def select_decisive_reports(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Return the latest sighting of use that continues, and the one of ended use with the latest end."""
    sightings = list(sightings)
    active = [sighting for sighting in sightings if sighting.until is None]
    ended = [sighting for sighting in sightings if sighting.until is not None]
    latest = [max(active, key=lambda sighting: sighting.at)] if active else []
    return latest + ([max(ended, key=lambda sighting: sighting.used_until)] if ended else [])
