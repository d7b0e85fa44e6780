"""What a request asks of the ledger, out of its query."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar.di import Provide
from litestar.params import Parameter

from stratiform.faces.stack import Request, stack_of
from stratiform.kit.call import Call
from stratiform.kit.clock import Micros, parse
from stratiform.kit.errors import Invalid
from stratiform.kit.numbers import whole
from stratiform.kit.pagination import MAX_LIMIT, Page
from stratiform.services.metering.model import Filter

Limit = Annotated[str | None, Parameter(description="How many at most on a page.")]
Marker = Annotated[str | None, Parameter(description="The `next` of the page before.")]

_PROJECT = "Id of the project; without it the operator is told of all, and others of their own."
_AS_OF = "What was known then: a position of the ledger, or a time."


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

    def filter(self, request: Request, call: Call) -> Filter:
        """Raises Invalid."""
        since, until = moment(self.since, "from"), moment(self.until, "to")
        if since is not None and until is not None and until < since:
            raise Invalid("the period ends before it begins", hint="from must be earlier than to")
        return Filter(
            cloud=self.cloud,
            resource_type=self.resource_type,
            resource_id=self.resource_id,
            project_id=self.project_id,
            since=since,
            until=until,
            as_of=_as_of(self.as_of, request, call),
            tag=_tag(self.tag),
        )


# The names of these are not those of a route's own parameters: Litestar would take one for the other.
def _asked(
    project_id: Annotated[str | None, Parameter(description=_PROJECT)] = None,
    resource_type: Annotated[str | None, Parameter(description="instance, volume, …")] = None,
    resource_id: Annotated[str | None, Parameter(description="Id of the resource.")] = None,
    cloud: Annotated[str | None, Parameter(description="Name of the cloud.")] = None,
    tag: Annotated[str | None, Parameter(description="A label of the resource as last told, `key:value`.")] = None,
    touches_from: Annotated[
        str | None, Parameter(query="from", description="What was used after this time, ISO 8601.")
    ] = None,
    touches_to: Annotated[str | None, Parameter(query="to", description="What was used before this time.")] = None,
    as_of: Annotated[str | None, Parameter(description=_AS_OF)] = None,
) -> Asked:
    return Asked(project_id, resource_type, resource_id, cloud, tag, touches_from, touches_to, as_of)


#: What a route that takes `asked` is given.
ASKED: dict[str, Any] = {"asked": Provide(_asked, sync_to_thread=False)}


def page_of(request: Request) -> Page:
    return paged(request.query_params.get("limit"), request.query_params.get("marker"))


def paged(limit: str | None, marker: str | None, most: int = MAX_LIMIT) -> Page:
    """Raises Invalid."""
    page = Page.parse(limit, marker, most)
    if page.limit == 0:
        raise Invalid("limit must be one or more")
    return page


def moment(text: str | None, name: str) -> Micros | None:
    if not text:
        return None
    try:
        # In a query a plus sign that isn't escaped comes as a space.
        return parse(text.replace(" ", "+") if "T" in text else text)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{name} is no time: '{text}'", hint="ISO 8601, such as 2026-11-20T00:00:00Z") from error


def position(text: str | None, name: str = "as_of") -> int | None:
    if not text:
        return None
    position = whole(text)
    if position is None:
        raise Invalid(f"{name} is a position of the ledger, a whole number, not '{text}'")
    return position


def not_beyond(number: int, name: str, known: int) -> int:
    """A position that the ledger has reached: what is known at a later one may still change. Raises Invalid."""
    if number > known:
        raise Invalid(
            f"{name} is {number}, and the ledger is at {known}", hint="ask for a position that it has reached"
        )
    return number


def flag(text: str | None, name: str) -> bool:
    """Raises Invalid unless it is true or false."""
    if text not in (None, "", "true", "false"):
        raise Invalid(f"{name} is true or false, not '{text}'")
    return text == "true"


def _as_of(text: str | None, request: Request, call: Call) -> int | None:
    """A position, or that at a time."""
    if not text:
        return None
    number = whole(text)
    if number is not None:
        return not_beyond(number, "as_of", stack_of(request).metering.position(call.db))
    try:
        at = moment(text, "as_of")
    except Invalid as error:
        raise Invalid(
            f"as_of is neither a position of the ledger nor a time: '{text}'",
            hint="a whole number, or ISO 8601 such as 2026-11-20T00:00:00Z",
        ) from error
    return stack_of(request).metering.position_at(call.db, at or 0)


def _tag(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    key, colon, value = text.partition(":")
    if not key or not colon:
        raise Invalid(f"tag is key:value, not '{text}'")
    return key, value
