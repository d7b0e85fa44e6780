"""The context of a request: caller, time and transaction."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The first argument of service functions. The interface commits the transaction, services never do."""

    db: Connection
    caller: Caller
    now: Micros
    request_id: str = ""
