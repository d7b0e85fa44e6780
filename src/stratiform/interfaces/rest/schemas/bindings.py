"""Bindings of projects to clouds."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.interfaces.rest.schemas.common import RequestBody

Project = Annotated[str, Meta(description="Name or id of the project.")]
CloudName = Annotated[str, Meta(description="Name or id of the cloud.")]


class BindingCreate(RequestBody):
    project: Project
    cloud: CloudName
    zone: Annotated[str, Meta(description="Availability zone that users see; by default the cloud's name.")] = ""
    native_zone: Annotated[str, Meta(description="Zone of the cloud; by default that of its settings.")] = ""


class BindingListQuery(Struct):
    project: Annotated[str | None, Meta(description="Name or id of the project.")] = None
    cloud: Annotated[str | None, Meta(description="Name or id of the cloud.")] = None


class BindingDeleteQuery(Struct):
    project: Project
    cloud: CloudName
    zone: Annotated[str | None, Meta(description="Availability zone; by default all zones of the binding.")] = None


class Binding(Struct):
    project_id: str
    cloud: str
    cloud_id: str
    zone: str
    native_zone: str
    created_at: str


class Bindings(Struct):
    bindings: list[Binding]
