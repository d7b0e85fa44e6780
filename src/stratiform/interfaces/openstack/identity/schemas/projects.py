"""Projects and their tags."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.openstack.identity.schemas.common import (
    NamedResourceListQuery,
    PageLinks,
    ResourceBody,
    SelfLink,
    ShortName,
)
from stratiform.services.identity.model import JsonObject

Tag = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^,/]*$")]
Tags = Annotated[list[Tag], Meta(max_length=80)]


class ProjectUpdate(ResourceBody, kw_only=True):
    name: ShortName | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    parent_id: str | UnsetType | None = UNSET
    is_domain: bool | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    options: JsonObject | UnsetType = UNSET


class ProjectCreate(ProjectUpdate, kw_only=True):
    name: ShortName


class ProjectCreateRequest(Struct):
    project: ProjectCreate


class ProjectUpdateRequest(Struct):
    project: ProjectUpdate


class UserProjectListQuery(NamedResourceListQuery, kw_only=True):
    domain_id: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class ProjectListQuery(UserProjectListQuery, kw_only=True):
    """Each tag filter is a list of tags, separated by commas."""

    parent_id: str | UnsetType = UNSET
    is_domain: bool | UnsetType = UNSET
    tags: str | UnsetType = UNSET
    tags_any: str | UnsetType = field(name="tags-any", default=UNSET)
    not_tags: str | UnsetType = field(name="not-tags", default=UNSET)
    not_tags_any: str | UnsetType = field(name="not-tags-any", default=UNSET)


class ProjectShowQuery(Struct):
    parents_as_ids: bool = False
    subtree_as_ids: bool = False
    subtree_as_list: bool = False


class Project(ExtensibleStruct, kw_only=True):
    id: str
    name: str
    domain_id: str | None
    description: str
    enabled: bool
    parent_id: str | None
    is_domain: bool
    tags: list[str]
    options: JsonObject
    links: SelfLink


class ProjectResponse(Struct):
    project: Project


class ProjectDetail(Project, kw_only=True):
    """A project with its parents and subtree: nested objects of ids, or a list of projects."""

    parents: JsonObject | UnsetType | None = UNSET
    subtree: JsonObject | list[ProjectResponse] | UnsetType | None = UNSET


class ProjectDetailResponse(Struct):
    project: ProjectDetail


class ProjectsResponse(Struct):
    projects: list[Project]
    links: PageLinks
    truncated: bool | UnsetType = UNSET


class TagsRequest(Struct):
    tags: Tags


class TagsResponse(Struct):
    tags: list[str]
    links: PageLinks
