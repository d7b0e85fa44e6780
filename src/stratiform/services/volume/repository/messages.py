"""Queries of messages."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.pagination import Page, Slice
from stratiform.services.volume.model import Sort
from stratiform.services.volume.model.messages import Message, MessageFilter
from stratiform.services.volume.repository.lists import list_filtered_page
from stratiform.services.volume.tables import message_table

messages = TableGateway(message_table, Message)

_SORT_COLUMNS: Mapping[str, ColumnElement[object]] = {
    "id": message_table.c.id,
    "event_id": message_table.c.event_id,
    "resource_uuid": message_table.c.resource_id,
    "resource_type": message_table.c.resource_type,
    "request_id": message_table.c.request_id,
    "message_level": message_table.c.level,
    "created_at": message_table.c.created_at,
    "guaranteed_until": message_table.c.expires_at,
}


def list_page(
    db: Connection, filters: MessageFilter, page: Page, sort: Sequence[Sort], offset: int = 0
) -> Slice[Message]:
    """Return one page. Raises Invalid for an unknown marker or sort key."""
    c = message_table.c
    pairs = (
        (c.project_id, filters.project_id),
        (c.resource_type, filters.resource_type),
        (c.resource_id, filters.resource_id),
        (c.event_id, filters.event_id),
        (c.request_id, filters.request_id),
        (c.level, filters.level),
    )
    where = [column == value for column, value in pairs if value is not None]
    return list_filtered_page(messages, db, where, page, sort, _SORT_COLUMNS, offset)


def delete_expired(db: Connection, now: Micros) -> int:
    """Delete the messages that have expired. Return their number."""
    return messages.delete(db, message_table.c.expires_at < now)
