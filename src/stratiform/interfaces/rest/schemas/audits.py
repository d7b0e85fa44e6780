"""Audits of the ledger. A line of the response is one of `AuditLine`."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.rest.schemas.common import RequestBody
from stratiform.interfaces.rest.schemas.late_usage import CausedLateUsage


class AuditCreate(RequestBody):
    period: Annotated[str, Meta(description="A month (UTC), such as `2026-10`.")]
    clouds: Annotated[list[str], Meta(description="Names of clouds; default: all.")] = []
    project_id: Annotated[str | None, Meta(description="ID of the project; default: all.")] = None
    apply: Annotated[bool, Meta(description="Create the proposed corrections.")] = False


class AuditProgress(Struct):
    """The number of items listed by a cloud or, without `cloud`, of resources that were compared."""

    cloud: str | None
    count: int


class ValueChange(Struct):
    ledger: object
    source: object


class Finding(Struct):
    """A discrepancy; if it is not `exact`, it covers only part of the interval."""

    kind: str
    start: str
    end: str
    seconds: str
    exact: bool
    evidence: list[str]
    changes: dict[str, ValueChange]


class ObservedState(Struct):
    """What a source observed of a resource, with the fields of corrections."""

    reopened: bool | UnsetType = UNSET
    is_deleted: bool | UnsetType = field(name="gone", default=UNSET)
    launched: str | UnsetType = UNSET
    project_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    state: str | UnsetType = UNSET
    attributes: dict[str, object] | UnsetType = UNSET


class ProposedCorrection(Struct):
    id: str
    at: str
    reason: str
    correction: ObservedState = field(name="content")
    is_applied: bool = field(name="made")


class AuditedResource(Struct):
    """A resource with discrepancies. `project_names`: the names of the projects in them, by ID."""

    cloud: str
    resource_type: str
    resource_id: str
    name: str
    findings: list[Finding]
    proposals: list[ProposedCorrection]
    project_names: dict[str, str]


class FindingTotal(Struct):
    seconds: str
    count: int = field(name="findings")


class Inventory(Struct):
    cloud: str
    items: int


class FailedInventory(Struct):
    cloud: str
    reason: str


class SourceCoverage(Struct):
    """Compared resources of a cloud, and which sources cover them. `no_inventory`: why the cloud has none."""

    cloud: str
    resources: int
    in_inventory: int
    in_exists: int
    without_source: int
    no_inventory: str | None


class AuditSummary(Struct):
    """The totals. `clean`: neither findings nor failed inventories; `coverage` is what was compared."""

    period: str
    start: str
    end: str
    is_clean: bool = field(name="clean")
    resources: int
    totals: dict[str, FindingTotal] = field(name="found")
    proposals: int
    applied: int = field(name="made")
    coverage: list[SourceCoverage]
    inventories: list[Inventory] = field(name="clouds")
    failed_inventories: list[FailedInventory]
    late_usage: CausedLateUsage = UNSET


class AuditProblem(Struct):
    """The error that ended the audit."""

    detail: str
    hint: str | UnsetType = UNSET


class AuditLine(Struct):
    """A line of the response; exactly one field is set."""

    progress: AuditProgress | UnsetType = UNSET
    resource: AuditedResource | UnsetType = UNSET
    summary: AuditSummary | UnsetType = UNSET
    problem: AuditProblem | UnsetType = UNSET
