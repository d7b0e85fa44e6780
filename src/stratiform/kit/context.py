"""One request as a service sees it: who asks, at what instant, in which transaction."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.kit.policy import Caller


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Passed as the first argument to every verb of every service. The face commits, the service never does."""

    db: Connection
    caller: Caller
    now: Micros
    request_id: str = ""
