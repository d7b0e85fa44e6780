"""Server groups."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since, Until
from stratiform.interfaces.openstack.compute.schemas.common import Link, Name, PageQuery
from stratiform.services.compute.model.server_groups import ServerGroupRules


class ServerGroupListQuery(PageQuery, kw_only=True):
    all_projects: str | None = None
    offset: str | None = None


class NewServerGroupRules(Struct, forbid_unknown_fields=True):
    max_server_per_host: Annotated[int, Meta(ge=1)] | UnsetType = UNSET


class ServerGroupCreate(Struct, kw_only=True, forbid_unknown_fields=True):
    """A group has one policy: in `policies` until 2.63, in `policy` since 2.64."""

    name: Name
    policies: Annotated[list[str] | UnsetType, Until(63)] = UNSET
    policy: Annotated[str | UnsetType, Since(64)] = UNSET
    rules: Annotated[NewServerGroupRules | UnsetType, Since(64)] = UNSET


class ServerGroupCreateRequest(Struct, forbid_unknown_fields=True):
    server_group: ServerGroupCreate


class ServerGroup(Struct, kw_only=True):
    id: str
    name: str
    members: list[str]
    policies: Annotated[list[str], Until(63)]
    metadata: Annotated[dict[str, str], Until(63)] = field(default_factory=dict)
    policy: Annotated[str, Since(64)]
    rules: Annotated[ServerGroupRules, Since(64)]
    project_id: Annotated[str, Since(13)]
    user_id: Annotated[str, Since(13)]


class ServerGroupsResponse(Struct):
    server_groups: list[ServerGroup]
    server_groups_links: list[Link] | UnsetType = UNSET


class ServerGroupResponse(Struct):
    server_group: ServerGroup
