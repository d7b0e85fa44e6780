"""Requests and results of audits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from stratiform.kit.clock import Micros
from stratiform.services.audit.model.findings import Finding, FindingKind
from stratiform.services.audit.model.proposals import CorrectionProposal
from stratiform.services.ledger.model import Resource


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """A request to audit the period `[start, end)` with a name such as `2026-10`.

    It is restricted to `clouds` (empty: all) and a project. `apply`: create the proposed corrections.
    """

    name: str
    start: Micros
    end: Micros
    clouds: tuple[str, ...] = ()
    project_id: str | None = None
    apply: bool = False


@dataclass(frozen=True, slots=True)
class AuditProgress:
    """The number of items listed by `cloud` so far, or of resources compared if `cloud` is ""."""

    cloud: str
    count: int


@dataclass(frozen=True, slots=True)
class ProposedCorrection:
    """A proposed correction with its message id. `is_applied`: it was added to the ledger."""

    message_id: str
    proposal: CorrectionProposal
    is_applied: bool = False


@dataclass(frozen=True, slots=True)
class ResourceFindings:
    """A resource with discrepancies between the ledger and its sources."""

    resource: Resource
    name: str
    findings: Sequence[Finding]
    proposed: Sequence[ProposedCorrection]


@dataclass(slots=True)
class SourceCoverage:
    """The number of compared resources of a cloud, and how many of them each source covers.

    `without_source`: those that no source covers, so that nothing is known about them except the ledger.
    """

    resources: int = 0
    in_inventory: int = 0
    in_exists: int = 0
    without_source: int = 0

    def add(self, *, in_inventory: bool, in_exists: bool) -> None:
        """Count a resource."""
        self.resources += 1
        self.in_inventory += in_inventory
        self.in_exists += in_exists
        self.without_source += not (in_inventory or in_exists)


@dataclass(slots=True)
class AuditSummary:
    """Totals of an audit.

    `coverage`: the resources and their sources by cloud. `no_inventory`: why a cloud has no inventory, by cloud.
    `totals`: microseconds and number of findings by kind. `inventories`: number of items by cloud. `failed`: error
    messages of the clouds whose inventory could not be read.
    """

    request: AuditRequest
    resources: int = 0
    totals: dict[FindingKind, tuple[Micros, int]] = field(default_factory=dict)
    proposed: int = 0
    applied: int = 0
    coverage: dict[str, SourceCoverage] = field(default_factory=lambda: defaultdict(SourceCoverage))
    inventories: dict[str, int] = field(default_factory=dict)
    no_inventory: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Return True without findings and failed inventories."""
        return not self.totals and not self.failed

    def add(self, result: ResourceFindings) -> None:
        """Count the findings and corrections of a resource."""
        for finding in result.findings:
            duration, count = self.totals.get(finding.kind, (0, 0))
            self.totals[finding.kind] = (duration + finding.end - finding.start, count + 1)
        self.proposed += len(result.proposed)
        self.applied += sum(each.is_applied for each in result.proposed)


@dataclass(frozen=True, slots=True)
class CloudAudit:
    """A completed audit of a cloud: until when, with how many findings, and how many resources it compared.

    `without_source` counts those that no source covers.
    """

    cloud: str
    audited_until: Micros
    finished_at: Micros
    findings: int
    resources: int
    without_source: int


AuditEvent = AuditProgress | ResourceFindings | AuditSummary
