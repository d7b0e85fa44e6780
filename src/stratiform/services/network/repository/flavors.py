"""Service profiles of flavors, and the routers with a flavor."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from stratiform.kit.database import Connection
from stratiform.services.network.repository.resource_rows import gateways
from stratiform.services.network.tables import flavor_service_profiles_table

_flavors = gateways["flavor"]
_routers = gateways["router"]


def lock_flavor(db: Connection, flavor_id: str) -> None:
    """Lock a flavor until the transaction ends, so that it is not deleted while a router gets it."""
    _flavors.lock(db, flavor_id)


def list_profiles(db: Connection, flavor_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids of the service profiles of each flavor."""
    c = flavor_service_profiles_table.c
    by_flavor: dict[str, list[str]] = {flavor_id: [] for flavor_id in flavor_ids}
    query = select(c.flavor_id, c.service_profile_id).where(c.flavor_id.in_(flavor_ids))
    for flavor_id, profile_id in db.execute(query.order_by(c.service_profile_id)):
        by_flavor[flavor_id].append(profile_id)
    return by_flavor


def has_flavors(db: Connection, profile_id: str) -> bool:
    c = flavor_service_profiles_table.c
    return db.execute(select(c.flavor_id).where(c.service_profile_id == profile_id).limit(1)).first() is not None


def add_profile(db: Connection, flavor_id: str, profile_id: str) -> None:
    """Raises: IntegrityError if the flavor has the profile."""
    values = {"flavor_id": flavor_id, "service_profile_id": profile_id}
    db.execute(insert(flavor_service_profiles_table).values(**values))


def remove_profile(db: Connection, flavor_id: str, profile_id: str) -> bool:
    """Return False if the flavor does not have the profile."""
    c = flavor_service_profiles_table.c
    condition = (c.flavor_id == flavor_id) & (c.service_profile_id == profile_id)
    return db.execute(delete(flavor_service_profiles_table).where(condition)).rowcount == 1


def has_routers(db: Connection, flavor_id: str) -> bool:
    return _routers.find_first(db, _routers.table.c.flavor_id == flavor_id) is not None
