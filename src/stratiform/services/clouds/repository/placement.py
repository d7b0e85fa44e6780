"""Queries on placement policies and turns."""

from sqlalchemy import delete, select

from stratiform.kit.database import Connection, upsert
from stratiform.services.clouds.model import UNBOUND_PROJECTS
from stratiform.services.clouds.model.placement import PlacementPolicy, Weigher
from stratiform.services.clouds.tables import placement_policies_table, placement_turns_table


def list_policies(db: Connection) -> list[PlacementPolicy]:
    """Return all policies, that of the projects without one first."""
    c = placement_policies_table.c
    rows = db.execute(select(c.owner_id, c.weighers, c.price_plan).order_by(c.owner_id))
    return [_build_policy(*row) for row in rows]


def find_policy(db: Connection, project_id: str) -> PlacementPolicy:
    """Return the policy of a project: its own, else that of the projects without one, else one without weighers."""
    c = placement_policies_table.c
    query = select(c.owner_id, c.weighers, c.price_plan).where(c.owner_id.in_((project_id, UNBOUND_PROJECTS)))
    policies = {row[0]: _build_policy(*row) for row in db.execute(query)}
    return policies.get(project_id) or policies.get(UNBOUND_PROJECTS) or PlacementPolicy(UNBOUND_PROJECTS)


def save_policy(db: Connection, policy: PlacementPolicy) -> None:
    values = {"weighers": list(policy.weighers), "price_plan": policy.price_plan}
    row = {"owner_id": policy.owner_id, **values}
    upsert(db, placement_policies_table, row, key=("owner_id",), on_conflict=values)


def delete_policy(db: Connection, owner_id: str) -> bool:
    """Delete a policy with its turns. Return False if there is none."""
    db.execute(delete(placement_turns_table).where(placement_turns_table.c.owner_id == owner_id))
    condition = placement_policies_table.c.owner_id == owner_id
    return bool(db.execute(delete(placement_policies_table).where(condition)).rowcount)


def lock_policy(db: Connection, owner_id: str) -> None:
    """Wait for other transactions that take turns by this policy, until this one ends."""
    c = placement_policies_table.c
    db.execute(select(c.owner_id).where(c.owner_id == owner_id).with_for_update()).all()


def list_turns(db: Connection, owner_id: str) -> dict[str, int]:
    """Return the number of the last turn of each cloud by its id."""
    c = placement_turns_table.c
    return dict(db.execute(select(c.cloud_id, c.turn).where(c.owner_id == owner_id)).tuples().all())


def save_turn(db: Connection, owner_id: str, cloud_id: str, turn: int) -> None:
    row = {"owner_id": owner_id, "cloud_id": cloud_id, "turn": turn}
    upsert(db, placement_turns_table, row, key=("owner_id", "cloud_id"), on_conflict={"turn": turn})


def _build_policy(owner_id: str, weighers: list[str], price_plan: str) -> PlacementPolicy:
    return PlacementPolicy(owner_id, tuple(map(Weigher, weighers)), price_plan)
