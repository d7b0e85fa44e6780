"""Records of events: the leaves of the Merkle log, from which segments can be computed again.

The format is described in `docs/reference/proof.md`: JSON with sorted keys and without spaces.
"""

from typing import Any

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.statements import Statement

#: Keys of a statement that are tuples, which JSON has as arrays.
_TUPLES = {"parent", "audited"}

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


def statement_to_dict(statement: Statement) -> dict[str, object]:
    """Return a statement as JSON values, without its time, its message id and the fields that assert nothing."""
    document: dict[str, Any] = msgspec.to_builtins(statement, builtin_types=())
    del document["at"], document["message_id"]
    for name in _TUPLES & document.keys():
        document[name] = list(document[name])
    return document


def decode_statement(at: Micros, message_id: str, document: dict[str, object]) -> Statement:
    """Return the statement that `statement_to_dict` has encoded."""
    return msgspec.convert({**document, "at": at, "message_id": message_id}, Statement)
