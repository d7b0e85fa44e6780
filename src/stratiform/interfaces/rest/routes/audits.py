"""`/usage/audits`: audits of the ledger."""

import logging
from collections.abc import Iterable, Iterator

import msgspec
from litestar.response import Stream
from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import NDJSON
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.problems import INTERNAL_ERROR
from stratiform.interfaces.rest.schemas import audits as schemas
from stratiform.interfaces.rest.views.usage import format_seconds
from stratiform.interfaces.services import Services
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Fault, NotFound
from stratiform.services.audit import policy
from stratiform.services.audit.model import (
    AuditEvent,
    AuditProgress,
    AuditRequest,
    AuditSummary,
    CorrectionProposal,
    Finding,
    ProposedCorrection,
    ResourceFindings,
)
from stratiform.services.billing.model import parse_month
from stratiform.services.ledger.model import UsageFilter

logger = logging.getLogger(__name__)


@api.post(
    "/usage/audits",
    policy.AUDITS_CREATE,
    errors=(NotFound,),
    produces={NDJSON: schemas.AuditLine},
    manages_transactions=True,
)
def create_audit(request: ApiRequest, body: schemas.AuditCreate) -> Stream:
    """Audit the ledger against `.exists` notifications and the inventories of clouds.

    The response is a stream of JSON documents, one per line: `progress`, `resource` (one with discrepancies, with
    findings and proposed corrections), and at the end `summary`, or `problem` if the audit failed.
    """
    services = request.services
    with request.read_transaction() as ctx:
        audit = AuditRequest(body.period, *parse_month(body.period), tuple(body.clouds), body.project_id, body.apply)
        events = services.audit.audits.run(ctx, audit)
        services.ledger.filter_name_checks.check_filter(ctx, UsageFilter(project_id=body.project_id))
        check = LateUsageCheck.start(services, ctx)
    return Stream(_lines(services, events, check), media_type=NDJSON)


def _lines(services: Services, events: Iterable[AuditEvent], check: LateUsageCheck) -> Iterator[bytes]:
    """Yield a line for each event; an error is the last line."""
    try:
        for event in events:
            line = _line(services, event)
            if isinstance(line.summary, schemas.AuditSummary):
                line.summary.late_usage = check.find_committed()
            yield _encode(line)
    except Fault as error:
        yield _encode(schemas.AuditLine(problem=schemas.AuditProblem(error.message, error.hint)))
    except Exception:
        logger.exception("audit failed")
        yield _encode(schemas.AuditLine(problem=schemas.AuditProblem(INTERNAL_ERROR)))


def _encode(line: schemas.AuditLine) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def _line(services: Services, event: AuditEvent) -> schemas.AuditLine:
    if isinstance(event, AuditProgress):
        return schemas.AuditLine(progress=schemas.AuditProgress(event.cloud or None, event.count))
    if isinstance(event, AuditSummary):
        return schemas.AuditLine(summary=_summary(event))
    return schemas.AuditLine(resource=_resource(event, _list_project_names(services, event)))


def _list_project_names(services: Services, result: ResourceFindings) -> dict[str, str]:
    """Return the names, at the end of the findings, of the projects in findings and proposals, by id."""
    differences = [each.differences["project_id"] for each in result.findings if "project_id" in each.differences]
    projects: set[object] = {proposed.proposal.observation.project_id for proposed in result.proposed}
    projects |= {value for each in differences for value in (each.ledger, each.source)}
    ids = [project_id for project_id in projects if isinstance(project_id, str) and project_id]
    if not ids:
        return {}
    last = max((finding.end for finding in result.findings), default=services.clock.now()) - 1
    with services.database.read_transaction() as db:
        reader = services.ledger.name_timelines.open_reader(db)
        return reader.list_project_names(result.resource.cloud, sorted(ids), last)


def _resource(result: ResourceFindings, project_names: dict[str, str]) -> schemas.AuditedResource:
    return schemas.AuditedResource(
        cloud=result.resource.cloud,
        resource_type=result.resource.resource_type,
        resource_id=result.resource.resource_id,
        name=result.name,
        findings=[_finding(finding) for finding in result.findings],
        proposals=[_proposed(proposed) for proposed in result.proposed],
        project_names=project_names,
    )


def _finding(finding: Finding) -> schemas.Finding:
    return schemas.Finding(
        kind=finding.kind.value,
        start=format_iso(finding.start),
        end=format_iso(finding.end),
        seconds=format_seconds(finding.end - finding.start),
        exact=finding.exact,
        evidence=list(finding.evidence),
        changes={
            name: schemas.ValueChange(difference.ledger, difference.source)
            for name, difference in finding.differences.items()
        },
    )


def _proposed(proposed: ProposedCorrection) -> schemas.ProposedCorrection:
    proposal = proposed.proposal
    return schemas.ProposedCorrection(
        id=proposed.message_id,
        at=format_iso(proposal.at),
        reason=proposal.reason,
        correction=_observed_state(proposal),
        is_applied=proposed.is_applied,
    )


def _observed_state(proposal: CorrectionProposal) -> schemas.ObservedState:
    observation = proposal.observation
    return schemas.ObservedState(
        reopened=proposal.reopened or UNSET,
        is_deleted=observation.is_deleted or UNSET,
        launched=UNSET if observation.launched is None else format_iso(observation.launched),
        project_id=observation.project_id or UNSET,
        name=observation.name or UNSET,
        state=observation.state or UNSET,
        attributes=observation.attributes or UNSET,
    )


def _summary(summary: AuditSummary) -> schemas.AuditSummary:
    return schemas.AuditSummary(
        period=summary.request.name,
        start=format_iso(summary.request.start),
        end=format_iso(summary.request.end),
        is_clean=summary.is_clean,
        resources=summary.resources,
        totals={
            kind.value: schemas.FindingTotal(format_seconds(us), count)
            for kind, (us, count) in sorted(summary.totals.items())
        },
        proposals=summary.proposed,
        applied=summary.applied,
        coverage=[_coverage(summary, cloud) for cloud in sorted(summary.coverage)],
        inventories=[schemas.Inventory(name, count) for name, count in sorted(summary.inventories.items())],
        failed_inventories=[schemas.FailedInventory(name, why) for name, why in sorted(summary.failed.items())],
    )


def _coverage(summary: AuditSummary, cloud: str) -> schemas.SourceCoverage:
    coverage = summary.coverage[cloud]
    return schemas.SourceCoverage(
        cloud=cloud,
        resources=coverage.resources,
        in_inventory=coverage.in_inventory,
        in_exists=coverage.in_exists,
        without_source=coverage.without_source,
        no_inventory=summary.no_inventory.get(cloud, summary.failed.get(cloud)),
    )
