"""`/usage/corrections`: corrections of the ledger by operators."""

from collections.abc import Mapping

from msgspec import UnsetType
from msgspec.structs import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.schemas import corrections as schemas
from stratiform.interfaces.rest.schemas import usage as usage_schemas
from stratiform.interfaces.rest.schemas.late_usage import LateUsage
from stratiform.interfaces.rest.timestamps import parse_timestamp
from stratiform.interfaces.rest.views import usage as views
from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.ingest import policy
from stratiform.services.ingest.model.meter_adjustments import MeterAdjustment, find_adjustment
from stratiform.services.ingest.parsing.correction_payloads import parse_quantity
from stratiform.services.ingest.service import AdjustedSum, CorrectionResult, StoredCorrection
from stratiform.services.ledger.model import Correction, Resource, Segment, UsageFilter
from stratiform.services.ledger.model.name_timelines import PROJECT_TYPE
from stratiform.services.ledger.model.samples import format_decimal
from stratiform.services.ledger.service import NameReader

#: Fields of corrections and observations that are timestamps.
_TIMESTAMPS = ("start", "end", "since", "until", "launched", "terminated", "deleted")

#: Fields that define an adjustment, and those that it may have beside them.
_ADJUSTMENT = ("meter", "quantity", "at")
_COMMON = ("resource_type", "resource_id", "reason", "cloud", "id", "project_id")


@api.post("/usage/corrections", policy.CORRECTIONS_CREATE, status=201, errors=(NotFound, Conflict))
def create_correction(request: ApiRequest, body: schemas.CorrectionCreate) -> schemas.CorrectionResult:
    """Correct the usage of a resource, or the sum of a meter. Corrections take precedence over messages.

    The author is the caller. Returns the segments before and after the correction, and the sums of an adjusted meter.
    """
    corrections = request.services.ingest.corrections
    check = LateUsageCheck.start(request.services, request.ctx)
    resource, adjustment = Resource(body.cloud, body.resource_type, body.resource_id), _adjustment(body)
    if adjustment is None:
        result = corrections.create(request.ctx, resource, _correction(body), message_id=body.id)
    else:
        result = corrections.adjust(request.ctx, resource, adjustment, body.reason, message_id=body.id)
    names = request.services.ledger.name_timelines.open_reader(request.ctx.db)
    return _result(result, names, request.ctx.now, check.find(request.ctx))


@api.get("/usage/corrections", policy.CORRECTIONS_LIST)
def list_corrections(request: ApiRequest, query: schemas.CorrectionListQuery) -> schemas.CorrectionPage:
    """List corrections, newest first."""
    usage_filter = UsageFilter(cloud=query.cloud, resource_type=query.resource_type, resource_id=query.resource_id)
    page = request.services.ingest.corrections.list(request.ctx, usage_filter, query.page())
    next_marker = page.next_marker(lambda correction: str(correction.number))
    names = request.services.ledger.name_timelines.open_reader(request.ctx.db)
    return schemas.CorrectionPage([_stored_correction(stored, names) for stored in page.items], next_marker)


def _correction(body: schemas.CorrectionCreate) -> Correction:
    return Correction(
        author="",
        reason=body.reason,
        reopened=body.reopened,
        project_id=body.project_id,
        state=body.state,
        attributes=body.attributes,
        absent=body.absent,
        revokes=body.revokes,
        start=_parse(body.start, "start"),
        end=_parse(body.end, "end"),
        since=_parse(body.since, "since"),
        until=_parse(body.until, "until"),
    )


def _adjustment(body: schemas.CorrectionCreate) -> MeterAdjustment | None:
    """Return the adjustment of a meter; None if no meter is named. Raises Invalid if it is incomplete."""
    fields = asdict(body)
    if all(fields[name] is None for name in _ADJUSTMENT):
        return None
    for name in _ADJUSTMENT:
        if fields[name] is None or fields[name] == "":
            raise Invalid(f"{name}: missing", hint="an adjustment requires `meter`, `quantity` and `at`")
    for name, value in fields.items():
        if name not in (*_ADJUSTMENT, *_COMMON) and value:
            hint = f"create separate corrections for the meter and for {name}"
            raise Invalid(f"{name}: not allowed together with meter", hint=hint)
    at = _parse(body.at, "at")
    assert at is not None, "checked above"
    return MeterAdjustment(str(body.meter), parse_quantity(body.quantity), at, project_id=body.project_id)


def _parse(text: str | None, name: str) -> Micros | None:
    """Raises Invalid, which begins with the name of the field, as the errors of the service do."""
    if text is None:
        return None
    try:
        at = parse_timestamp(text, name)
    except Invalid as error:
        raise Invalid(f"{name}: '{text}' is not a valid timestamp", hint=error.hint) from error
    if at < 0:
        raise Invalid(f"{name}: '{text}' is before 1970")
    return at


def _result(
    result: CorrectionResult, names: NameReader, now: Micros, late_usage: list[LateUsage] | UnsetType
) -> schemas.CorrectionResult:
    return schemas.CorrectionResult(
        id=result.message_id,
        is_new=result.is_new,
        is_created=result.is_created,
        before=[_segment(segment, names, now) for segment in result.before],
        after=[_segment(segment, names, now) for segment in result.after],
        adjusted_sum=None if result.adjusted is None else _adjusted_sum(result.adjusted),
        late_usage=late_usage,
    )


def _segment(segment: Segment, names: NameReader, now: Micros) -> usage_schemas.Segment:
    last = now if segment.end is None else segment.end - 1
    project = names.list_project_names(segment.cloud, [segment.project_id], last).get(segment.project_id)
    return views.segment(segment, {} if project is None else {PROJECT_TYPE: project})


def _adjusted_sum(adjusted: AdjustedSum) -> schemas.AdjustedSum:
    return schemas.AdjustedSum(
        adjusted.meter, adjusted.unit, format_decimal(adjusted.before), format_decimal(adjusted.after)
    )


def _stored_correction(stored: StoredCorrection, names: NameReader) -> schemas.Correction:
    record, statement = stored.record, stored.record.statement
    correction = statement.correction
    assert correction is not None, "only corrections are listed"
    fields = _readable(record.fact["correction"], ("author", "reason", "told"))
    fields |= _adjustment_fields(find_adjustment(statement))
    observed = _readable(record.fact, ("correction",)) if correction.has_observation else None
    projects = [str(values["project_id"]) for values in (fields, observed or {}) if values.get("project_id")]
    return schemas.Correction(
        id=record.message_id,
        cloud=record.cloud,
        resource_type=record.resource_type,
        resource_id=record.resource_id,
        author=correction.author,
        reason=correction.reason,
        created_at=format_iso(record.received_at),
        at=format_iso(record.at),
        fields=fields,
        observed=observed,
        project_names=names.list_project_names(record.cloud, projects, record.at),
        revoked_by=stored.revoked_by or None,
    )


def _adjustment_fields(adjustment: MeterAdjustment | None) -> dict[str, object]:
    if adjustment is None:
        return {}
    fields: dict[str, object] = {
        "meter": adjustment.meter,
        "quantity": format_decimal(adjustment.quantity),
        "unit": adjustment.unit,
    }
    if adjustment.project_id is not None:
        fields["project_id"] = adjustment.project_id
    return {**fields, "at": format_iso(adjustment.at)}


def _readable(fact: Mapping[str, object], excluded: tuple[str, ...]) -> dict[str, object]:
    """Return the fields of a fact, with timestamps as ISO 8601."""
    return {
        name: format_iso(value) if name in _TIMESTAMPS and isinstance(value, int) else value
        for name, value in fact.items()
        if name not in excluded
    }
