"""The usage ledger, by what is stored in it."""

from dataclasses import dataclass, field

from stratiform.services.clouds.service import CloudsService
from stratiform.services.identity.service import IdentityService
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.ledger.repository.batches import LedgerCounters
from stratiform.services.ledger.repository.event_histories import EventHistory
from stratiform.services.ledger.repository.exists_events import ExistsEvent
from stratiform.services.ledger.repository.project_usage import ProjectUsage
from stratiform.services.ledger.repository.resources import ResourceRow
from stratiform.services.ledger.repository.samples import SampleSeries, StoredSample
from stratiform.services.ledger.service.batches import Batches
from stratiform.services.ledger.service.corrections import Corrections
from stratiform.services.ledger.service.events import Events
from stratiform.services.ledger.service.filter_name_checks import FilterNameChecks
from stratiform.services.ledger.service.late_usage import LateUsage
from stratiform.services.ledger.service.ledger_writer import LedgerWriter
from stratiform.services.ledger.service.merkle_log import MerkleLog
from stratiform.services.ledger.service.name_timelines import NameReader, NameTimelines
from stratiform.services.ledger.service.positions import Positions
from stratiform.services.ledger.service.project_usage import ProjectUsages
from stratiform.services.ledger.service.resources import Resources
from stratiform.services.ledger.service.samples import Samples
from stratiform.services.ledger.service.segment_changes import SegmentChanges
from stratiform.services.ledger.service.segment_histories import SegmentHistories
from stratiform.services.ledger.service.segments import Segments
from stratiform.services.ledger.service.sums import Sums
from stratiform.services.ledger.service.usage_access import UsageAccess
from stratiform.services.ledger.service.volume_types import VolumeType, VolumeTypes

__all__ = [
    "EventHistory",
    "ExistsEvent",
    "LedgerCounters",
    "LedgerService",
    "NameReader",
    "ProjectUsage",
    "ResourceRow",
    "SampleSeries",
    "StoredSample",
    "VolumeType",
]


@dataclass(frozen=True, slots=True)
class LedgerService:
    """The ledger. `catalog` defines what is metered; `filter_name_checks` checks names in filters."""

    catalog: MeterCatalog
    filter_name_checks: FilterNameChecks
    access: UsageAccess = field(default_factory=UsageAccess)
    batches: Batches = field(default_factory=Batches)
    segment_changes: SegmentChanges = field(default_factory=SegmentChanges)
    corrections: Corrections = field(default_factory=Corrections)
    events: Events = field(default_factory=Events)
    late_usage: LateUsage = field(default_factory=lambda: LateUsage(NameTimelines()))
    segment_histories: SegmentHistories = field(default_factory=SegmentHistories)
    merkle_log: MerkleLog = field(default_factory=MerkleLog)
    name_timelines: NameTimelines = field(default_factory=NameTimelines)
    positions: Positions = field(default_factory=Positions)
    project_usages: ProjectUsages = field(default_factory=ProjectUsages)
    resources: Resources = field(default_factory=Resources)
    samples: Samples = field(default_factory=Samples)
    segments: Segments = field(default_factory=Segments)
    sums: Sums = field(default_factory=Sums)
    volume_types: VolumeTypes = field(default_factory=VolumeTypes)
    writer: LedgerWriter = field(default_factory=LedgerWriter)

    @classmethod
    def build(cls, catalog: MeterCatalog, clouds: CloudsService, identity: IdentityService) -> "LedgerService":
        """Build the service from its dependencies."""
        return cls(catalog, FilterNameChecks(catalog, clouds, identity, NameTimelines()))
