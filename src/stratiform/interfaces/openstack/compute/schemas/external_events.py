"""External events of servers."""

from msgspec import UNSET, Struct, UnsetType


class ExternalEvent(Struct, forbid_unknown_fields=True):
    name: str
    server_uuid: str
    status: str = "completed"
    tag: str | UnsetType = UNSET


class ExternalEventsRequest(Struct, forbid_unknown_fields=True):
    events: list[ExternalEvent]


class ExternalEventResult(Struct):
    name: str
    server_uuid: str
    status: str
    code: int
    tag: str | UnsetType = UNSET


class ExternalEventsResponse(Struct):
    events: list[ExternalEventResult]
