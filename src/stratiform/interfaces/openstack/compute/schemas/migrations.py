"""Migrations of servers."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.compute.schemas.common import Link, PageQuery
from stratiform.kit.pagination import Page


class MigrationListQuery(Struct):
    """Each cloud is one host, so that `host` and `source_compute` are the same. `hidden` has no effect."""

    host: str | None = None
    source_compute: str | None = None
    status: str | None = None
    instance_uuid: str | None = None
    migration_type: str | None = None
    hidden: str | None = None
    limit: Annotated[str | None, Since(59)] = None
    marker: Annotated[str | None, Since(59)] = None
    changes_since: Annotated[str | None, Since(59)] = field(name="changes-since", default=None)
    changes_before: Annotated[str | None, Since(66)] = field(name="changes-before", default=None)
    user_id: Annotated[str | None, Since(80)] = None
    project_id: Annotated[str | None, Since(80)] = None

    def page(self) -> Page:
        """Raises Invalid."""
        return PageQuery(self.limit, self.marker).page()


class Migration(Struct, kw_only=True):
    """A resize within a cloud. Flavors have no integer ids."""

    id: int
    uuid: Annotated[str, Since(59)]
    status: str
    migration_type: Annotated[str, Since(23)] = "resize"
    instance_uuid: str
    source_node: str
    source_compute: str
    dest_node: str
    dest_compute: str
    dest_host: str | None = None
    old_instance_type_id: int | None = None
    new_instance_type_id: int | None = None
    user_id: Annotated[str, Since(80)]
    project_id: Annotated[str, Since(80)]
    created_at: str
    updated_at: str


class MigrationsResponse(Struct):
    migrations: list[Migration] = field(default_factory=list)
    migrations_links: Annotated[list[Link] | UnsetType, Since(59)] = UNSET
