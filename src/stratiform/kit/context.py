"""The context of a request: caller, time and transaction.

Notifications have the context of the request that caused them, as dictionaries in the form of oslo.context. It is
attached to the connection of a transaction: by the interface for a request, by the worker for background work.
"""

from dataclasses import dataclass
from typing import Any

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.database import Connection
from stratiform.kit.policy import Caller

#: The execution option of a connection with the attached context.
_OPTION = "stratiform_request_context"


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


def describe_context(ctx: RequestContext) -> dict[str, Any]:
    """Return the context in the form of oslo.context. Source: oslo_context/context.py (RequestContext.to_dict)."""
    return {
        "request_id": ctx.request_id,
        "global_request_id": ctx.global_request_id or None,
        "user_id": ctx.caller.user_id,
        "user": ctx.caller.user_id,
        "project_id": ctx.caller.project_id,
        "project": ctx.caller.project_id,
        "is_admin": ctx.caller.is_admin,
        "roles": sorted(ctx.caller.roles),
        "timestamp": format_iso(ctx.now).removesuffix("Z"),
    }


def attach_context(db: Connection, context: dict[str, Any]) -> None:
    """Attach a context to the events and the work that this transaction writes."""
    db.execution_options(**{_OPTION: context})


def get_attached_context(db: Connection) -> dict[str, Any]:
    """Return the attached context; {} if there is none."""
    context: dict[str, Any] = db.get_execution_options().get(_OPTION, {})
    return context
