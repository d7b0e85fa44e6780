"""The ledger's log: keys, proofs and exports. Hashes are base64."""

from typing import Annotated

from msgspec import Meta, Struct, field

from stratiform.interfaces.rest.schemas.usage import AsOf, From, Position, ProjectId, To, UsageAsOfQuery

Size = Annotated[Position | None, Meta(description="Number of events in the log; default: the current number.")]
TilePath = Annotated[str, Meta(description="Level, number and width, such as `0/000`, `0/x001/234` or `0/000.p/17`.")]


class PublicKeys(Struct):
    keys: Annotated[list[str], Meta(description="Signed notes with the public keys, oldest first.")]


class InclusionQuery(Struct):
    """Either `index`, or `message_id` and `cloud`."""

    index: Annotated[Position | None, Meta(description="Number of the event in the log, starting at 0.")] = None
    message_id: Annotated[
        str | None, Meta(description="Message ID of the event; the part after `#` may be omitted.")
    ] = None
    cloud: Annotated[str, Meta(description="Cloud of the message.")] = "openstack"
    size: Size = None


class InclusionProof(Struct):
    """The proof that an event is in the log; `record` is null if the caller is not allowed to read the event."""

    index: int
    size: int
    leaf: str
    proof: list[str]
    record: str | None


class ConsistencyQuery(Struct):
    old: Annotated[Position, Meta(description="Size of the earlier log.")] = field(name="from")
    new: Size = field(name="to", default=None)


class ConsistencyProof(Struct):
    """The proof that the log of `to` events begins with that of `from` events."""

    old: int = field(name="from")
    new: int = field(name="to")
    proof: list[str]


class ExportQuery(Struct):
    project_id: ProjectId = None
    start: From = field(name="from", default=None)
    end: To = field(name="to", default=None)
    as_of: AsOf = None
    since: Annotated[
        Position | None, Meta(description="Size of an earlier log; adds a proof that this log is a continuation of it.")
    ] = None

    def usage_query(self) -> UsageAsOfQuery:
        return UsageAsOfQuery(project_id=self.project_id, start=self.start, end=self.end, as_of=self.as_of)
