"""Audits of the ledger: `/api/v1/usage/audits`."""

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import litestar
import msgspec
from litestar.response import Stream

from stratiform.interfaces.rest.description import NDJSON, TEXT
from stratiform.interfaces.services import Request, decode, reading, services_of
from stratiform.kit.clock import SECOND_US, Micros, iso
from stratiform.kit.errors import Fault
from stratiform.services.audit.model import (
    AuditEvent,
    AuditRequest,
    AuditSummary,
    Finding,
    Progress,
    Proposal,
    ProposedCorrection,
)
from stratiform.services.billing.model import parse_month
from stratiform.services.ledger.model import UsageFilter

logger = logging.getLogger(__name__)

Body = dict[str, Any]


class NewAudit(msgspec.Struct, forbid_unknown_fields=True):
    """`period`: a month like 2026-10; `clouds`: only these; `apply`: make the corrections that are proposed."""

    period: str
    clouds: list[str] = []
    project_id: str | None = None
    apply: bool = False


@litestar.post(
    "/usage/audits",
    status_code=200,
    sync_to_thread=True,
    takes=NewAudit,
    answers={NDJSON: TEXT},
    response_description="One JSON document a line.",
)
def create_audit(request: Request, body: bytes) -> Stream:
    """Hold the ledger against messages on what exists and against the clouds' own inventories. Answers one JSON
    document a line, as it goes: `progress`, `resource` (one on which they disagree, with `findings` and `proposals`),
    and at the end `summary`; or `problem` where it broke off."""
    services = services_of(request)
    with reading(request) as ctx:
        services.audit.audits.require_run(ctx)
        new = decode(body, NewAudit)
        asked = AuditRequest(new.period, *parse_month(new.period), tuple(new.clouds), new.project_id, new.apply)
        told = services.audit.audits.run(ctx, asked)
        services.ledger.names.check(ctx, UsageFilter(project_id=new.project_id))
    return Stream(_lines(told), media_type=NDJSON)


handlers: list[Any] = [create_audit]


def _lines(told: Iterable[AuditEvent]) -> Iterator[bytes]:
    """What was told before something broke off is told; then what broke off."""
    try:
        for one in told:
            yield msgspec.json.encode(_view(one)) + b"\n"
    except Fault as error:
        yield msgspec.json.encode({"problem": {"detail": error.message, "hint": error.hint}}) + b"\n"
    except Exception:
        logger.exception("an audit broke off")
        yield msgspec.json.encode({"problem": {"detail": "Something went wrong here; the log says what."}}) + b"\n"


def _view(one: AuditEvent) -> Body:
    if isinstance(one, Progress):
        return {"progress": {"cloud": one.cloud or None, "count": one.count}}
    if isinstance(one, AuditSummary):
        return {"summary": _summary(one)}
    resource = one.resource
    return {
        "resource": {
            "cloud": resource.cloud,
            "resource_type": resource.resource_type,
            "resource_id": resource.resource_id,
            "name": one.name,
            "findings": [_finding(finding) for finding in one.findings],
            "proposals": [_proposed(proposed) for proposed in one.proposed],
        }
    }


def _finding(finding: Finding) -> Body:
    return {
        "kind": finding.kind.value,
        "start": iso(finding.start),
        "end": iso(finding.end),
        "seconds": seconds(finding.end - finding.start),
        "exact": finding.exact,
        "evidence": list(finding.evidence),
        "changes": {name: difference._asdict() for name, difference in finding.differences.items()},
    }


def _proposed(proposed: ProposedCorrection) -> Body:
    proposal = proposed.proposal
    return {
        "id": proposed.message_id,
        "at": iso(proposal.at),
        "reason": proposal.reason,
        "says": _says(proposal),
        "made": proposed.is_applied,
    }


def _says(proposal: Proposal) -> Body:
    """In the words of `POST /usage/corrections`, as far as it has them."""
    observation = proposal.observation
    fields: Body = {
        "reopened": proposal.reopened,
        "gone": observation.is_deleted,
        "launched": None if observation.launched is None else iso(observation.launched),
        "project_id": observation.project_id,
        "name": observation.name,
        "state": observation.state,
        "attributes": observation.attributes,
    }
    return {name: value for name, value in fields.items() if value}


def _summary(summary: AuditSummary) -> Body:
    return {
        "period": summary.request.name,
        "start": iso(summary.request.start),
        "end": iso(summary.request.end),
        "clean": summary.is_clean,
        "resources": summary.resources,
        "found": {
            kind.value: {"seconds": seconds(us), "stretches": count}
            for kind, (us, count) in sorted(summary.totals.items())
        },
        "proposals": summary.proposed,
        "made": summary.applied,
        "clouds": [{"cloud": name, "items": count} for name, count in sorted(summary.inventories.items())],
        "unasked": [{"cloud": name, "why": why} for name, why in sorted(summary.failed.items())],
    }


def seconds(us: Micros) -> str:
    """Exact, as text: `3600.000001`."""
    return f"{us // SECOND_US}.{us % SECOND_US:06d}"
