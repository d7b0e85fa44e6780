"""`/usage/sums`: sums of usage by group and period."""

from collections.abc import Mapping

from litestar.response import Stream
from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import JSON
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import usage as schemas
from stratiform.interfaces.rest.table_formats import (
    TABLE_CONTENT,
    Columns,
    ColumnType,
    Row,
    Rows,
    TableFormat,
    choose_format,
    stream_table,
)
from stratiform.interfaces.rest.usage_filters import UsageSelection, select_usage
from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.ledger import policy
from stratiform.services.ledger.model.samples import format_decimal
from stratiform.services.ledger.model.sums import DURATION, METER, Sum, SumQuery, SumResult, parse_sum_query

#: Columns that have ids, with the type of the resources whose names are shown.
_NAMED_COLUMNS = {
    "project_id": "project",
    "attributes.flavor_id": "flavor",
    "attributes.image_id": "image",
    "attributes.volume_type": "volume_type",
}


@api.get("/usage/sums", policy.SEGMENTS_LIST, errors=(NotFound,), produces={JSON: schemas.Sums, **TABLE_CONTENT})
def list_sums(request: ApiRequest, query: schemas.SumListQuery) -> schemas.Sums | Stream:
    """Sum usage from `from` (default: the beginning) to `to` (default: now, or the time of `as_of`).

    Segments are clipped to the period and to the buckets. Whole microseconds and decimals are added; nothing is
    rounded.
    """
    table_format = choose_format(request, query.format)
    sum_query, result = _compute(request, request.ctx, query)
    if table_format is TableFormat.JSON:
        return _sums(sum_query, result, _read_names(request, sum_query, result))
    columns: Columns = {
        **dict.fromkeys(sum_query.group_by, ColumnType.TEXT),
        "start": ColumnType.TIMESTAMP,
        "end": ColumnType.TIMESTAMP,
        **{f"sum({measure})": ColumnType.TEXT for measure in sum_query.measures},
    }
    batches = iter([[_row(item) for item in result.sums]])

    def next_rows() -> Rows:
        return next(batches, [])

    return stream_table(table_format, columns, next_rows, "sums")


def _compute(request: ApiRequest, ctx: RequestContext, query: schemas.SumListQuery) -> tuple[SumQuery, SumResult]:
    ledger = request.services.ledger
    selection = select_usage(request.services, ctx, query)
    usage_filter = selection.usage_filter
    if query.bucket and usage_filter.since is None:
        raise Invalid("`bucket` requires `from`", hint="add `from`, such as 2026-11-01T00:00:00Z")
    measures = _split(query.measure) or [DURATION]
    sum_query = parse_sum_query(
        _split(query.group_by), measures, usage_filter.since or 0, _period_end(selection, query), query.bucket
    )
    result = ledger.sums.compute(ctx, usage_filter, sum_query)
    missing = [measure.removeprefix(METER) for measure in sum_query.measures if measure not in result.units]
    if missing or not result.sums:
        ledger.filter_name_checks.check_filter(ctx, usage_filter, missing)
    return sum_query, result


def _period_end(selection: UsageSelection, query: schemas.SumListQuery) -> Micros:
    """Return the end of the period. Raises Invalid if the period is empty."""
    usage_filter = selection.usage_filter
    if usage_filter.until is not None:
        return usage_filter.until
    end = selection.known_at
    if usage_filter.since is not None and usage_filter.since >= end:
        source = "the time of `as_of`" if query.as_of else "now"
        raise Invalid(
            f"`from` is {format_iso(usage_filter.since)}, after the end of the period: {format_iso(end)}, {source}",
            hint="add `to`, or use an earlier `from`",
        )
    return end


def _split(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text else []


def _read_names(request: ApiRequest, query: SumQuery, result: SumResult) -> Mapping[tuple[str, str | None], str]:
    """Return the names of the resources by which usage is grouped, at the end of the period, by column and id."""
    names: dict[tuple[str, str | None], str] = {}
    for index, column in enumerate(query.group_by):
        if column in _NAMED_COLUMNS:
            ids = {each.group[index] or "" for each in result.sums} - {""}
            timelines = request.services.ledger.name_timelines
            of_column = timelines.list_names(request.ctx.db, _NAMED_COLUMNS[column], ids, query.bounds[-1] - 1)
            names |= {(column, resource_id): name for resource_id, name in of_column.items()}
    return names


def _sums(query: SumQuery, result: SumResult, names: Mapping[tuple[str, str | None], str]) -> schemas.Sums:
    sums = [
        schemas.Sum(
            group=dict(zip(query.group_by, item.group, strict=True)),
            start=format_iso(item.start),
            end=format_iso(item.end),
            sums={
                measure: format_decimal(value)
                for measure, value in zip(query.measures, item.values, strict=True)
                if value is not None
            },
            names={
                column: names[column, value]
                for column, value in zip(query.group_by, item.group, strict=True)
                if (column, value) in names
            }
            or UNSET,
        )
        for item in result.sums
    ]
    unmeasured = {measure: format_decimal(value) for measure, value in result.unmeasured.items()}
    return schemas.Sums(sums, dict(result.units), unmeasured)


def _row(item: Sum) -> Row:
    return (
        *item.group,
        item.start,
        item.end,
        *(None if value is None else format_decimal(value) for value in item.values),
    )
