"""Records of events: the leaves of the Merkle log, from which segments can be computed again.

The format is described in `docs/reference/proof.md`: JSON with sorted keys and without spaces.
"""

from typing import Any

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.statements import ResourceStatement, Statement

_canonical = msgspec.json.Encoder(order="sorted")


class EventRecord(msgspec.Struct, frozen=True):
    """An event in the log. Field names are the keys of the format.

    `nth` is the number of the event among those of its resource, from 1; `raw_sha256` is the digest of the message;
    `fact` is the encoded statement.
    """

    at: Micros
    cloud: str
    event_type: str
    fact: dict[str, Any]
    message_id: str
    nth: int
    raw_sha256: str
    received_at: Micros
    resource_id: str
    resource_type: str

    def encode(self) -> bytes:
        """Return the bytes of the leaf."""
        return _canonical.encode(self)

    @property
    def resource(self) -> Resource:
        return Resource(self.cloud, self.resource_type, self.resource_id)

    @property
    def statement(self) -> Statement:
        return decode_statement(self.at, self.message_id, self.fact)


class _Leaf(msgspec.Struct, frozen=True):
    """As `EventRecord`, with the statement as JSON. The fields are sorted by name."""

    at: Micros
    cloud: str
    event_type: str
    fact: msgspec.Raw
    message_id: str
    nth: int
    raw_sha256: str
    received_at: Micros
    resource_id: str
    resource_type: str


_encode_leaf = msgspec.json.Encoder().encode


def encode_leaf(parsed: ResourceStatement, fact: bytes, nth: int, raw_sha256: str, received_at: Micros) -> bytes:
    """Return the bytes of the record of a new event, whose statement is encoded as `fact`."""
    cloud, resource_type, resource_id = parsed.resource
    return _encode_leaf(
        _Leaf(
            parsed.statement.at,
            cloud,
            parsed.event_type,
            msgspec.Raw(fact),
            parsed.statement.message_id,
            nth,
            raw_sha256,
            received_at,
            resource_id,
            resource_type,
        )
    )


def encode_fact(statement: Statement) -> bytes:
    """Return a statement as JSON, without its time, its message id and the fields that assert nothing."""
    return _canonical.encode(msgspec.structs.replace(statement, at=msgspec.UNSET, message_id=msgspec.UNSET))


def decode_statement(at: Micros, message_id: str, document: dict[str, object]) -> Statement:
    """Return the statement that `encode_fact` has encoded."""
    return msgspec.convert({**document, "at": at, "message_id": message_id}, Statement)
