"""The context of a request: caller, time and transaction."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller


@dataclass(frozen=True, slots=True)
class HttpClient:
    """The program that sends a request: its network address, and what it states in User-Agent; "": unknown."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The first argument of service functions. The interface commits the transaction, services never do.

    `global_request_id`: the id of the chain of requests that this one belongs to, if the client has set one.
    """

    db: Connection
    caller: Caller
    now: Micros
    request_id: str = ""
    global_request_id: str = ""
    client: HttpClient = HttpClient()
