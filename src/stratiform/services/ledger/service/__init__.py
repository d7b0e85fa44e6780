"""The usage ledger, by what is stored in it."""

from dataclasses import dataclass, field

from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.service import IdentityService
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.ledger.repository.batches import Counters
from stratiform.services.ledger.repository.event_histories import EventHistory
from stratiform.services.ledger.repository.exists_events import ExistsEvent
from stratiform.services.ledger.repository.resources import ResourceRow
from stratiform.services.ledger.repository.samples import SampleSeries, StoredSample
from stratiform.services.ledger.service.access import Access
from stratiform.services.ledger.service.batches import Batches
from stratiform.services.ledger.service.changes import Changes
from stratiform.services.ledger.service.corrections import Corrections
from stratiform.services.ledger.service.events import Events
from stratiform.services.ledger.service.histories import Histories
from stratiform.services.ledger.service.log_tiles import Log
from stratiform.services.ledger.service.name_facts import NameFacts, NameReader
from stratiform.services.ledger.service.names import Names
from stratiform.services.ledger.service.positions import Positions
from stratiform.services.ledger.service.resources import Resources
from stratiform.services.ledger.service.samples import Samples
from stratiform.services.ledger.service.segments import Segments
from stratiform.services.ledger.service.sums import Sums
from stratiform.services.ledger.service.volume_types import VolumeType, VolumeTypes
from stratiform.services.ledger.service.writer import Writer

__all__ = [
    "Counters",
    "EventHistory",
    "ExistsEvent",
    "LedgerService",
    "NameReader",
    "ResourceRow",
    "SampleSeries",
    "StoredSample",
    "VolumeType",
]


@dataclass(frozen=True, slots=True)
class LedgerService:
    """The ledger. `catalog` defines what is metered; `names` checks names in filters."""

    catalog: MeterCatalog
    names: Names
    access: Access = field(default_factory=Access)
    batches: Batches = field(default_factory=Batches)
    changes: Changes = field(default_factory=Changes)
    corrections: Corrections = field(default_factory=Corrections)
    events: Events = field(default_factory=Events)
    histories: Histories = field(default_factory=Histories)
    log: Log = field(default_factory=Log)
    name_facts: NameFacts = field(default_factory=NameFacts)
    positions: Positions = field(default_factory=Positions)
    resources: Resources = field(default_factory=Resources)
    samples: Samples = field(default_factory=Samples)
    segments: Segments = field(default_factory=Segments)
    sums: Sums = field(default_factory=Sums)
    volume_types: VolumeTypes = field(default_factory=VolumeTypes)
    writer: Writer = field(default_factory=Writer)

    @classmethod
    def build(cls, catalog: MeterCatalog, clouds: CloudsService, identity: IdentityService) -> "LedgerService":
        """Build the service from its dependencies."""
        return cls(catalog, Names(catalog, clouds, identity))
