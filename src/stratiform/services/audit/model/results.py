"""Requests and results of audits."""

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
class AuditSummary:
    """Totals of an audit.

    `totals`: microseconds and number of findings by kind. `inventories`: number of items by cloud. `failed`: error
    messages of the clouds whose inventory could not be read.
    """

    request: AuditRequest
    resources: int = 0
    totals: dict[FindingKind, tuple[Micros, int]] = field(default_factory=dict)
    proposed: int = 0
    applied: int = 0
    inventories: dict[str, int] = field(default_factory=dict)
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


AuditEvent = AuditProgress | ResourceFindings | AuditSummary
