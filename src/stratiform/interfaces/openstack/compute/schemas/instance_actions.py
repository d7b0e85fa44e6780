"""Instance actions."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ADMIN_ONLY, Since
from stratiform.interfaces.openstack.compute.schemas.common import Link, PageQuery
from stratiform.kit.pagination import Page


class InstanceActionListQuery(Struct):
    """The marker is the id of a request."""

    limit: Annotated[str | None, Since(58)] = None
    marker: Annotated[str | None, Since(58)] = None

    def page(self) -> Page:
        """Raises Invalid."""
        return PageQuery(self.limit, self.marker).page()


class InstanceActionEvent(Struct, kw_only=True):
    event: str
    start_time: str
    finish_time: str | None
    result: str | None
    traceback: Annotated[str | None, ADMIN_ONLY] = None
    host_id: Annotated[str, Since(62)] = field(name="hostId", default="")
    host: Annotated[str | None, ADMIN_ONLY, Since(62)] = None
    details: Annotated[str | None, Since(84)] = None


class InstanceAction(Struct, kw_only=True):
    """`events` are in the response of a single action: for operators, and for all since 2.51."""

    action: str
    instance_uuid: str
    request_id: str
    user_id: str
    project_id: str
    start_time: str
    message: str | None
    updated_at: Annotated[str, Since(58)]
    events: list[InstanceActionEvent] | UnsetType = UNSET


class InstanceActionsResponse(Struct):
    instance_actions: list[InstanceAction] = field(name="instanceActions")
    links: Annotated[list[Link] | UnsetType, Since(58)] = UNSET


class InstanceActionResponse(Struct):
    instance_action: InstanceAction = field(name="instanceAction")
