"""The record of an event: the bytes that the ledger's Merkle log is made of, and what anyone folds anew.

The form is that of `docs/reference/proof.md`: JSON with its keys in order and nothing between them.
"""

from typing import Any

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.resources import Resource
from stratiform.services.ledger.model.statements import Statement

#: What JSON has no other word for than a list.
_LISTS = {"parent", "audited"}

_canonical = msgspec.json.Encoder(order="sorted")


class Record(msgspec.Struct, frozen=True):
    """One event as the ledger keeps it. `nth`: it is the resource's so many-th, from 1; `raw_sha256` is of the message
    as it came; `fact` is what was read out of it (`fact_of`)."""

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

    def encoded(self) -> bytes:
        """The bytes of the leaf."""
        return _canonical.encode(self)

    @property
    def resource(self) -> Resource:
        return Resource(self.cloud, self.resource_type, self.resource_id)

    @property
    def statement(self) -> Statement:
        return statement_of(self.at, self.message_id, self.fact)


def fact_of(statement: Statement) -> dict[str, Any]:
    """What `statement` says, without what it leaves open and without its place: JSON all the way down."""
    fact: dict[str, Any] = msgspec.to_builtins(statement, builtin_types=())
    del fact["at"], fact["message_id"]
    for name in _LISTS & fact.keys():
        fact[name] = list(fact[name])
    return fact


def statement_of(at: Micros, message_id: str, fact: dict[str, Any]) -> Statement:
    """The statement of which `fact` was made."""
    return msgspec.convert({**fact, "at": at, "message_id": message_id}, Statement)
