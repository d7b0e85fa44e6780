"""The record of an event: the bytes that the ledger's Merkle log is made of, and what anyone folds anew.

The form is that of `docs/reference/proof.md`: JSON with its keys in order and nothing between them.
"""

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.metering.model.ledger import Resource
from stratiform.services.metering.model.meter import Meter
from stratiform.services.metering.model.statement import Correction, Statement

_canonical = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Record:
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
    fact: dict[str, Any] = {}
    for name in ("project_id", "name", "state", "launched", "terminated", "deleted", "tags"):
        value = getattr(statement, name)
        if value is not None:
            fact[name] = value
    if statement.parent is not None:
        fact["parent"] = list(statement.parent)
    if statement.audited is not None:
        fact["audited"] = list(statement.audited)
    if statement.correction is not None:
        fact["correction"] = _said(statement.correction)
    more = {
        "gone": statement.gone,
        "attributes": statement.attributes,
        "samples": {name: str(value) for name, value in statement.samples.items()},
        "meters": {name: _counted(meter) for name, meter in statement.meters.items()},
        "source": statement.source,
    }
    return fact | {name: value for name, value in more.items() if value}


def _counted(meter: Meter) -> dict[str, Any]:
    """Without what is as it mostly is."""
    return {name: value for name, value in asdict(meter).items() if value}


def _said(correction: Correction) -> dict[str, Any]:
    open_ = Correction(correction.author, correction.reason)
    said = {name: getattr(correction, name) for name in Correction.__dataclass_fields__}
    return {
        name: value for name, value in said.items() if name in ("author", "reason") or value != getattr(open_, name)
    }


def statement_of(at: Micros, message_id: str, fact: dict[str, Any]) -> Statement:
    """The statement of which `fact` was made."""
    said = dict(fact)
    for name in ("parent", "audited"):
        if name in said:
            said[name] = tuple(said[name])
    if "samples" in said:
        said["samples"] = {name: Decimal(value) for name, value in said["samples"].items()}
    if "meters" in said:
        said["meters"] = {name: Meter(**meter) for name, meter in said["meters"].items()}
    if "correction" in said:
        said["correction"] = Correction(**said["correction"])
    return Statement(at=at, message_id=message_id, **said)
