"""Queries on resources that are stored as a document."""

from collections.abc import Callable

from stratiform.kit.database import Connection, IntegrityError
from stratiform.kit.errors import Conflict
from stratiform.kit.pagination import Page, Slice, paginate_list
from stratiform.services.identity import tables as t
from stratiform.services.identity.model import JsonObject, Trust
from stratiform.services.identity.model.simple_resources import SimpleResource
from stratiform.services.identity.repository.gateways import simple_resources


def find_simple_resource(db: Connection, kind: str, resource_id: str) -> SimpleResource | None:
    c = t.simple_resources.c
    return simple_resources.find_first(db, c.kind == kind, c.id == resource_id)


def find_trust(db: Connection, trust_id: str) -> Trust | None:
    record = find_simple_resource(db, "trust", trust_id)
    return None if record is None else Trust(**record.attributes)


def list_simple_resources(
    db: Connection, kind: str, page: Page | None = None, *, matches: Callable[[SimpleResource], bool] | None = None
) -> Slice[SimpleResource]:
    """Return the resources of a kind for which `matches` is true, ordered by id."""
    records = [
        record
        for record in simple_resources.list_all(db, t.simple_resources.c.kind == kind)
        if matches is None or matches(record)
    ]
    if page is None:
        return Slice(records, more=False)
    return paginate_list(records, page, key=lambda record: record.id)


def lock_simple_resources(db: Connection, kind: str) -> None:
    """Wait for transactions that change resources of a kind, and let others wait until this one ends."""
    c = t.simple_resources.c
    db.execute(t.simple_resources.select().with_only_columns(c.id).where(c.kind == kind).with_for_update()).all()


def list_owned_resources(db: Connection, kind: str, owner_id: str) -> list[SimpleResource]:
    c = t.simple_resources.c
    return simple_resources.list_all(db, c.kind == kind, c.owner_id == owner_id)


def save_simple_resource(db: Connection, record: SimpleResource, conflict: Conflict, *, is_new: bool) -> SimpleResource:
    """Insert or update a resource, or raise `conflict` if another one has its id or unique key."""
    c = t.simple_resources.c
    try:
        if is_new:
            return simple_resources.insert(db, record)
        db.execute(
            t.simple_resources.update()
            .where(c.kind == record.kind, c.id == record.id)
            .values(**simple_resources.to_columns(record))
        )
    except IntegrityError as error:
        raise conflict from error
    return record


def replace_attributes(db: Connection, record: SimpleResource, attributes: JsonObject) -> bool:
    """Set the attributes of a resource. Return False if they are not those of `record` any more."""
    c = t.simple_resources.c
    statement = t.simple_resources.update().where(
        c.kind == record.kind, c.id == record.id, c.attributes == record.attributes
    )
    return db.execute(statement.values(attributes=attributes)).rowcount > 0


def delete_simple_resource(db: Connection, kind: str, resource_id: str) -> bool:
    """Return False if the resource does not exist."""
    c = t.simple_resources.c
    return simple_resources.delete(db, c.kind == kind, c.id == resource_id) > 0


def delete_owned_resources(db: Connection, owner_id: str) -> None:
    """Delete the resources of a user, a project or a parent."""
    simple_resources.delete(db, t.simple_resources.c.owner_id == owner_id)
