"""What a request asks of the ledger, out of its query."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar.di import Provide
from litestar.params import Parameter

from stratiform.interfaces.services import Request, services_of
from stratiform.kit.clock import Micros, iso, parse_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.numbers import parse_uint
from stratiform.kit.pagination import MAX_LIMIT, Page
from stratiform.services.ledger.model import UsageFilter

_TIME = "ISO 8601, such as 2026-11-20T00:00:00Z"
_PROJECT = "Id of the project; without it the operator is told of all, and others of their own."
_TAG = "A label of the resource as last told, `key:value`."

ProjectId = Annotated[str | None, Parameter(description=_PROJECT)]
ResourceType = Annotated[str | None, Parameter(description="instance, volume, …")]
ResourceId = Annotated[str | None, Parameter(description="Id of the resource.")]
Cloud = Annotated[str | None, Parameter(description="Name of the cloud.")]
Tag = Annotated[str | None, Parameter(description=_TAG)]
From = Annotated[str | None, Parameter(query="from", description="What was used after this time, ISO 8601.")]
To = Annotated[str | None, Parameter(query="to", description="What was used before this time.")]
AsOf = Annotated[
    str | None, Parameter(description="What was known then: a position of the ledger that it reached, or a past time.")
]
Limit = Annotated[str | None, Parameter(description="How many at most on a page.")]
Marker = Annotated[str | None, Parameter(description="The `next` of the page before.")]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the ledger is asked for, as it was asked."""

    project_id: str | None
    resource_type: str | None
    resource_id: str | None
    cloud: str | None
    tag: str | None
    since: str | None
    until: str | None
    as_of: str | None

    def filter(self, request: Request, ctx: RequestContext) -> UsageFilter:
        """Raises Invalid."""
        since, until = moment(self.since, "from"), moment(self.until, "to")
        if since is not None and until is not None and until < since:
            raise Invalid("the period ends before it begins", hint="`from` must be earlier than `to`")
        then = known_then(self.as_of, request, ctx)
        return UsageFilter(
            cloud=self.cloud,
            resource_type=self.resource_type,
            resource_id=self.resource_id,
            project_id=self.project_id,
            since=since,
            until=until,
            as_of=None if then is None else then.position,
            tag=_tag(self.tag),
        )

    def last(self, request: Request, ctx: RequestContext) -> Micros:
        """Where what goes on is cut, without `to`: now, or when what is asked for was known; so that the same `as_of`
        gives the same for ever. Raises Invalid."""
        then = known_then(self.as_of, request, ctx)
        return ctx.now if then is None else then.at

    def check_names(self, request: Request, ctx: RequestContext, *meters: str) -> None:
        """Say so where nothing is found because a name is misspelt. Raises Invalid, NotFound."""
        services = services_of(request)
        services.ledger.names.check(ctx, self.filter(request, ctx), meters)


@dataclass(frozen=True, slots=True)
class Then:
    """What was known at a `position` of the ledger, which is what it knew `at` this time."""

    position: int
    at: Micros


# The names of these are not those of a route's own parameters: Litestar would take one for the other.
def _asked(
    project_id: ProjectId = None,
    resource_type: ResourceType = None,
    resource_id: ResourceId = None,
    cloud: Cloud = None,
    tag: Tag = None,
    touches_from: From = None,
    touches_to: To = None,
    as_of: AsOf = None,
) -> Asked:
    return Asked(project_id, resource_type, resource_id, cloud, tag, touches_from, touches_to, as_of)


# What changes is told as it does: there is no `as_of` in it.
def _followed(
    project_id: ProjectId = None,
    resource_type: ResourceType = None,
    resource_id: ResourceId = None,
    cloud: Cloud = None,
    tag: Tag = None,
    touches_from: From = None,
    touches_to: To = None,
) -> Asked:
    return Asked(project_id, resource_type, resource_id, cloud, tag, touches_from, touches_to, None)


#: What a route that takes `asked` is given; one that goes on for ever takes no `as_of`.
ASKED: dict[str, Any] = {"asked": Provide(_asked, sync_to_thread=False)}
FOLLOWED: dict[str, Any] = {"asked": Provide(_followed, sync_to_thread=False)}


def paged(limit: str | None, marker: str | None, most: int = MAX_LIMIT) -> Page:
    """Raises Invalid."""
    page = Page.parse(limit, marker, most)
    if page.limit == 0:
        raise Invalid("`limit` must be one or more")
    return page


def whole_file(limit: str | None, marker: str | None) -> None:
    """Raises Invalid where a page of an answer that has everything at once is asked for."""
    if limit is not None or marker is not None:
        raise Invalid("only JSON comes in pages", hint="leave `limit` and `marker` out: other formats have everything")


def moment(text: str | None, name: str) -> Micros | None:
    if not text:
        return None
    try:
        # In a query a plus sign that isn't escaped comes as a space.
        return parse_iso(text.replace(" ", "+") if "T" in text else text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"`{name}` is no time: '{text}'", hint=_TIME) from error


def position(text: str | None, name: str) -> int | None:
    if not text:
        return None
    position = parse_uint(text)
    if position is None:
        raise Invalid(f"`{name}` is a position of the ledger, a whole number, not '{text}'")
    return position


def not_beyond(number: int, name: str, known: int) -> int:
    """A position that the ledger has reached: what is known at a later one may still change. Raises Invalid."""
    if number > known:
        raise Invalid(
            f"`{name}` is {number}, and the ledger is at {known}", hint="ask for a position that it has reached"
        )
    return number


def known_then(text: str | None, request: Request, ctx: RequestContext) -> Then | None:
    """What `as_of` asks for: a position that the ledger has reached, or a time that is past. Raises Invalid."""
    if not text:
        return None
    positions, number = services_of(request).ledger.positions, parse_uint(text)
    if number is not None:
        reached = not_beyond(number, "as_of", positions.get_current(ctx.db))
        told_at = positions.find_time(ctx.db, reached)
        return Then(reached, ctx.now if told_at is None else told_at)  # at 0 nothing is known, whenever
    try:
        at = moment(text, "as_of") or 0
    except Invalid as error:
        raise Invalid(
            f"`as_of` is neither a position of the ledger nor a time: '{text}'", hint=f"a whole number, or {_TIME}"
        ) from error
    if at > ctx.now:
        raise Invalid(f"`as_of` is {iso(at)}, which is yet to come", hint="ask for a time that is past")
    return Then(positions.get_at(ctx.db, at), at)


def flag(text: str | None, name: str) -> bool:
    """Raises Invalid unless it is true or false."""
    if text not in (None, "", "true", "false"):
        raise Invalid(f"`{name}` is true or false, not '{text}'")
    return text == "true"


def _tag(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    key, colon, value = text.partition(":")
    if not key or not colon:
        raise Invalid(f"`tag` is key:value, not '{text}'")
    return key, value
