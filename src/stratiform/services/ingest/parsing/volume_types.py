"""Events of volume types, from Cinder (`volume_type.*`) and Almanach's API (`almanach.volume_type.*`).

The ledger stores the names of volume types; they have no segments.
Source: cinder/api/contrib/types_manage.py, and messages recorded from Cinder 29.
"""

from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing.payload_values import find_object, find_text, require_text
from stratiform.services.ledger.model import Resource, ResourceStatement, Statement

_PREFIXES = ("volume_type", "almanach.volume_type")
_UPDATES = frozenset(f"{prefix}.{action}" for prefix in _PREFIXES for action in ("create", "update"))
_DELETIONS = frozenset(f"{prefix}.delete" for prefix in _PREFIXES)

#: A deleted type may be created again, so the deletion is a tag, which the next event replaces.
_DELETED_TAGS = {"gone": "yes"}


def parse_volume_type(event: Event) -> ResourceStatement | None:
    """Parse creation, update and deletion of a volume type. Raises: InvalidMessage."""
    is_deletion = event.event_type in _DELETIONS
    if not is_deletion and event.event_type not in _UPDATES:
        return None
    payload = find_object(event.payload, "volume_types") or event.payload
    statement = Statement(
        event.at, event.message_id, name=find_text(payload, "name"), tags=dict(_DELETED_TAGS) if is_deletion else {}
    )
    resource = Resource(event.cloud, "volume_type", require_text(payload, "id", 128))
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)
