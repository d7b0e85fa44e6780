"""The usage that a request selects."""

from dataclasses import dataclass

from stratiform.interfaces.rest.schemas.usage import UsageAsOfQuery, UsageQuery
from stratiform.interfaces.rest.timestamps import EXAMPLE, parse_timestamp
from stratiform.interfaces.services import Services
from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.number_parsing import parse_uint
from stratiform.services.ledger.model import UsageFilter


@dataclass(frozen=True, slots=True)
class UsageSelection:
    """Selected usage. `known_at` is the time of `as_of`, or now: open segments without `to` are clipped to it."""

    usage_filter: UsageFilter
    known_at: Micros


@dataclass(frozen=True, slots=True)
class _AsOf:
    """A position of the ledger, and the time whose knowledge it is."""

    position: int
    at: Micros


def select_usage(services: Services, ctx: RequestContext, query: UsageAsOfQuery) -> UsageSelection:
    """Return the usage that a query selects. Raises Invalid."""
    as_of = None if query.as_of is None else _resolve_as_of(services, ctx, query.as_of)
    if as_of is None:
        return UsageSelection(parse_usage_filter(query), ctx.now)
    return UsageSelection(parse_usage_filter(query, as_of.position), as_of.at)


def parse_usage_filter(query: UsageQuery, as_of: int | None = None) -> UsageFilter:
    """Return the filter of a query. Raises Invalid."""
    start = None if query.start is None else parse_timestamp(query.start, "from")
    end = None if query.end is None else parse_timestamp(query.end, "to")
    if start is not None and end is not None and end < start:
        raise Invalid("`to` is before `from`", hint="`from` must be earlier than `to`")
    return UsageFilter(
        cloud=query.cloud,
        resource_type=query.resource_type,
        resource_id=query.resource_id,
        project_id=query.project_id,
        since=start,
        until=end,
        as_of=as_of,
        tag=None if query.tag is None else _parse_tag(query.tag),
    )


def check_position_reached(position: int, name: str, current: int) -> int:
    """Return `position`. Raises Invalid if the ledger has not reached it: what is known there may still change."""
    if position > current:
        raise Invalid(
            f"`{name}` is {position}, but the ledger is at position {current}",
            hint="use a position that the ledger has reached",
        )
    return position


def _resolve_as_of(services: Services, ctx: RequestContext, text: str) -> _AsOf:
    """Parse a position that the ledger has reached, or a past timestamp. Raises Invalid."""
    positions, number = services.ledger.positions, parse_uint(text)
    if number is not None:
        position = check_position_reached(number, "as_of", positions.get_current_position(ctx.db))
        reached_at = positions.find_time(ctx.db, position)
        return _AsOf(position, ctx.now if reached_at is None else reached_at)
    try:
        at = parse_timestamp(text, "as_of")
    except Invalid as error:
        raise Invalid(
            f"`as_of` is neither a position of the ledger nor a timestamp: '{text}'",
            hint=f"a non-negative integer, or {EXAMPLE}",
        ) from error
    if at > ctx.now:
        raise Invalid(f"`as_of` is in the future: {format_iso(at)}", hint="use a time in the past")
    return _AsOf(positions.get_position_at(ctx.db, at), at)


def _parse_tag(text: str) -> tuple[str, str]:
    key, colon, value = text.partition(":")
    if not key or not colon:
        raise Invalid(f"`tag` is not key:value: '{text}'")
    return key, value
