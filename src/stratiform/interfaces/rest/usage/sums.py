"""`/api/v1/usage/sums`: how long, how much of what, by whom."""

from typing import Annotated, Any

import msgspec
from anyio import to_thread
from litestar import Response, get
from litestar.params import Parameter

from stratiform.interfaces.rest.description import JSON
from stratiform.interfaces.rest.usage.asking import ASKED, Asked
from stratiform.interfaces.rest.usage.formats import (
    TABLES,
    Columns,
    Format,
    FormatAsked,
    Kind,
    Rows,
    format_of,
    streamed,
)
from stratiform.interfaces.services import Request, reading, services_of
from stratiform.kit.clock import Micros, iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.samples import format_decimal
from stratiform.services.ledger.model.sums import DURATION, METER, Sum, SumQuery, SumResult, parse_query

_GROUP_BY = (
    "Names, with commas: project_id, resource_type, resource_id, cloud, state, attributes.NAME, tag:KEY. "
    "Without it, one sum of all."
)
_MEASURE = (
    "Names, with commas: duration (seconds, the default), attributes.NAME (its value × seconds), meter:NAME (what its "
    "samples sum to)."
)
_BUCKET = "hour, day or month (UTC): a sum for each; needs `from`."

_json = msgspec.json.Encoder()


class SumView(msgspec.Struct):
    """Exact numbers, as texts; one that is missing was not measured."""

    group: dict[str, str | None]
    start: str
    end: str
    sums: dict[str, str]


class SumsView(msgspec.Struct):
    """`units`: of each measure. `unmeasured`: seconds of use in which an attribute that is summed had no number."""

    sums: list[SumView]
    units: dict[str, str]
    unmeasured: dict[str, str]


@get("/usage/sums", dependencies=ASKED, answers={JSON: SumsView, **TABLES}, response_description="All sums.")
async def list_sums(
    request: Request,
    asked: Asked,
    group_by: Annotated[str | None, Parameter(description=_GROUP_BY)] = None,
    measure: Annotated[str | None, Parameter(description=_MEASURE)] = None,
    bucket: Annotated[str | None, Parameter(description=_BUCKET)] = None,
    form: FormatAsked = None,
) -> Response[Any]:
    """Sums over what was used from `from` (all that is known) to `to` (now; with `as_of`, then), each segment cut to
    the period and to the buckets. Whole microseconds and decimals are added, nothing is rounded."""
    chosen = format_of(request, form)
    question, sums = await to_thread.run_sync(_summed, request, asked, group_by, measure, bucket)
    if chosen is Format.json:
        return Response(await to_thread.run_sync(_encoded, question, sums), media_type="application/json")
    columns = dict.fromkeys(question.group_by, Kind.text) | {"start": Kind.time, "end": Kind.time}
    told: Columns = columns | {f"sum({name})": Kind.text for name in question.measures}
    pieces = iter([[_row(one) for one in sums.sums]])

    def following() -> Rows:
        return next(pieces, [])

    return await streamed(chosen, told, following, "sums")


handlers: list[Any] = [list_sums]


def _summed(
    request: Request, asked: Asked, group_by: str | None, measure: str | None, bucket: str | None
) -> tuple[SumQuery, SumResult]:
    with reading(request) as ctx:
        wanted = asked.filter(request, ctx)
        if bucket and wanted.since is None:
            raise Invalid("buckets need a beginning", hint="give `from`, such as 2026-11-01T00:00:00Z")
        start, end = wanted.since or 0, _end(request, ctx, asked, wanted)
        question = parse_query(_names(group_by), _names(measure) or [DURATION], start, end, bucket or None)
        sums = services_of(request).ledger.sums.compute(ctx, wanted, question)
        unseen = [name.removeprefix(METER) for name in question.measures if name not in sums.units]
        if unseen or not sums.sums:
            asked.check_names(request, ctx, *unseen)
        return question, sums


def _end(request: Request, ctx: RequestContext, asked: Asked, wanted: UsageFilter) -> Micros:
    """Raises Invalid where the period has no length."""
    if wanted.until is not None:
        return wanted.until
    last = asked.last(request, ctx)
    if wanted.since is not None and wanted.since >= last:
        what = "what was known then" if asked.as_of else "the sum"
        raise Invalid(
            f"`from` is {iso(wanted.since)}, and {what} ends {iso(last)}", hint="give `to`, or an earlier `from`"
        )
    return last


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []


def _encoded(question: SumQuery, sums: SumResult) -> bytes:
    views = [
        SumView(
            dict(zip(question.group_by, one.group, strict=True)),
            iso(one.start),
            iso(one.end),
            {
                name: format_decimal(value)
                for name, value in zip(question.measures, one.values, strict=True)
                if value is not None
            },
        )
        for one in sums.sums
    ]
    unmeasured = {name: format_decimal(value) for name, value in sums.unmeasured.items()}
    return _json.encode(SumsView(views, dict(sums.units), unmeasured))


def _row(one: Sum) -> tuple[Any, ...]:
    return (*one.group, one.start, one.end, *(None if value is None else format_decimal(value) for value in one.values))
