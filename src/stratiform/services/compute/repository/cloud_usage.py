"""Queries on what servers use in each cloud."""

from collections.abc import Mapping

from sqlalchemy import func, select

from stratiform.kit.database import Connection
from stratiform.services.clouds.model.account_quotas import Amounts
from stratiform.services.compute.model.flavors import FlavorSnapshot
from stratiform.services.compute.tables import server_table


def compute_cloud_usage(
    db: Connection, cloud_id: str, *, project_id: str | None = None, user_id: str | None = None
) -> Amounts:
    """Return what the servers in a cloud use: those of a project, of a user, or all.

    A server that is being resized counts with the larger of its flavors. The database groups equal flavors, so that the
    number of rows does not depend on that of servers.
    """
    c = server_table.c
    is_volume_backed = (c.image_id == "").label("is_volume_backed")
    columns = (c.flavor, c.new_flavor, c.old_flavor, is_volume_backed)
    query = select(*columns, func.count()).where(c.cloud_id == cloud_id, c.deleted_at.is_(None)).group_by(*columns)
    if project_id is not None:
        query = query.where(c.project_id == project_id)
    if user_id is not None:
        query = query.where(c.user_id == user_id)
    usage = Amounts()
    for *flavors, volume_backed, count in db.execute(query):
        sizes = [measure_flavor(flavor, volume_backed=bool(volume_backed)) for flavor in flavors if flavor is not None]
        usage += Amounts(
            count,
            count * max(size.vcpus for size in sizes),
            count * max(size.ram_mib for size in sizes),
            count * max(size.disk_gib for size in sizes),
        )
    return usage


def measure_flavor(flavor: FlavorSnapshot, *, volume_backed: bool) -> Amounts:
    """Return what one server of a flavor uses. A root disk that is a volume does not count."""
    root_gib = 0 if volume_backed else flavor["disk"]
    return Amounts(1, flavor["vcpus"], flavor["ram"], root_gib + flavor["ephemeral"])


def count_servers_by_cloud(db: Connection, project_id: str) -> Mapping[str, int]:
    """Return the number of servers of a project in each cloud by its id."""
    c = server_table.c
    query = select(c.cloud_id, func.count()).where(c.project_id == project_id, c.deleted_at.is_(None))
    return dict(db.execute(query.group_by(c.cloud_id)).tuples().all())
