"""`/os-migrations`, and live migrations of servers, of which there are none."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.parsing import parse_time
from stratiform.interfaces.openstack.compute.schemas import migrations as schemas
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.kit.clock import format_iso_naive
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy
from stratiform.services.compute.model.migrations import Migration, MigrationFilter

_MIGRATIONS_PATH = "/servers/{server_id}/migrations"
_MIGRATION_PATH = "/servers/{server_id}/migrations/{migration_id}"


@api.get("/os-migrations", policy.MIGRATIONS_LIST)
def list_migrations(request: ApiRequest, query: schemas.MigrationListQuery) -> schemas.MigrationsResponse:
    """List the resizes of servers, which stay in their cloud; a cloud is one host."""
    filters = MigrationFilter(
        host=query.host or query.source_compute,
        status=query.status,
        server_id=query.instance_uuid,
        user_id=query.user_id,
        project_id=query.project_id,
        since=parse_time(query.changes_since, "changes-since"),
        before=parse_time(query.changes_before, "changes-before"),
    )
    migrations = request.services.compute.migrations.list(request.ctx, filters)
    if query.migration_type not in (None, "resize"):
        migrations = []
    page = paginate_list(migrations, query.page(), lambda migration: migration.id)
    links = next_links(request, [migration.id for migration in page.items], more=page.more)
    return schemas.MigrationsResponse([_show(migration) for migration in page.items], links)


@api.get(_MIGRATIONS_PATH, policy.SERVER_MIGRATIONS_LIST, since=23)
def list_server_migrations(request: ApiRequest, server_id: str) -> schemas.MigrationsResponse:
    request.services.compute.server_details.get(request.ctx, policy.SERVER_MIGRATIONS_LIST, server_id)
    return schemas.MigrationsResponse()


@api.get(_MIGRATION_PATH, policy.SERVER_MIGRATIONS_SHOW, since=23)
def show_server_migration(request: ApiRequest, server_id: str, migration_id: str) -> None:
    rule = policy.SERVER_MIGRATIONS_SHOW
    request.services.compute.server_details.get_migration(request.ctx, rule, server_id, migration_id)


@api.delete(_MIGRATION_PATH, policy.SERVER_MIGRATIONS_DELETE, status=202, since=24)
def abort_server_migration(request: ApiRequest, server_id: str, migration_id: str) -> None:
    rule = policy.SERVER_MIGRATIONS_DELETE
    request.services.compute.server_details.get_migration(request.ctx, rule, server_id, migration_id)


@api.post(_MIGRATION_PATH + "/action", policy.SERVER_MIGRATIONS_FORCE_COMPLETE, status=202, since=22)
def force_complete_server_migration(request: ApiRequest, server_id: str, migration_id: str) -> None:
    rule = policy.SERVER_MIGRATIONS_FORCE_COMPLETE
    request.services.compute.server_details.get_migration(request.ctx, rule, server_id, migration_id)


def _show(migration: Migration) -> schemas.Migration:
    return schemas.Migration(
        id=migration.number,
        uuid=migration.id,
        status=migration.status,
        instance_uuid=migration.server_id,
        source_node=migration.cloud_name,
        source_compute=migration.cloud_name,
        dest_node=migration.cloud_name,
        dest_compute=migration.cloud_name,
        user_id=migration.user_id,
        project_id=migration.project_id,
        created_at=format_iso_naive(migration.created_at),
        updated_at=format_iso_naive(migration.updated_at),
    )
