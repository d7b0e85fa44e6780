"""Bindings of projects to clouds."""

from typing import Annotated

from msgspec import Meta, Struct

from stratiform.interfaces.rest.schemas.common import RequestBody

CloudName = Annotated[str, Meta(description="Name or ID of the cloud.")]


BoundProject = Annotated[
    str, Meta(description="Name or ID of the project; `*` for all projects that have no binding of their own.")
]


class BindingCreate(RequestBody):
    project: BoundProject
    cloud: CloudName
    zone: Annotated[str, Meta(description="Availability zone that users see; default: the cloud's name.")] = ""
    native_zone: Annotated[str, Meta(description="Zone in the cloud; default: the one in the cloud's settings.")] = ""


class BindingListQuery(Struct):
    project: Annotated[str | None, Meta(description="Name or ID of the project.")] = None
    cloud: Annotated[str | None, Meta(description="Name or ID of the cloud.")] = None


class BindingDeleteQuery(Struct):
    project: BoundProject
    cloud: CloudName
    zone: Annotated[
        str | None, Meta(description="Availability zone; default: all zones to which the project is bound.")
    ] = None


class Binding(Struct):
    """A binding of a project to a cloud. `project_name` is empty if it is not known."""

    project_id: str
    project_name: str
    cloud: str
    cloud_id: str
    zone: str
    native_zone: str
    created_at: str
    pool: Annotated[str, Meta(description='The pool to which the project is bound; "": it is bound to the cloud.')]


class Bindings(Struct):
    bindings: list[Binding]
