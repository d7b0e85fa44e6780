"""`/api/v1/accounts/{name}/periods`: closing what has been used, which issues the invoice."""

from typing import Any

import msgspec

from stratiform.faces.rest.accounts import moment
from stratiform.faces.rest.invoices import invoice_view
from stratiform.faces.stack import Request, decode, get, post, reading, stack_of, writing
from stratiform.kit.clock import iso
from stratiform.services.billing.model import Period

Body = dict[str, Any]


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """`month` like 2026-11, and/or `until`: a time, or "now"."""

    month: str | None = None
    until: str | None = None


@post("/accounts/{name:str}/periods", status_code=200, takes=Closing)
def close_period(request: Request, name: str, body: bytes) -> Body:
    """Close a month that is over, or what has been of the running one `until` a time; answers its invoice.
    Closing the same again answers the same invoice."""
    wanted = decode(body, Closing)
    with writing(request) as call:
        until = None
        if wanted.until is not None:
            until = call.now if wanted.until == "now" else moment(wanted.until, "until")
        return invoice_view(stack_of(request).billing.close(call, name, wanted.month, until))


@get("/accounts/{name:str}/periods")
def list_periods(request: Request, name: str) -> Body:
    """The closed periods of an account, the oldest first, and since when the running one is open."""
    billing = stack_of(request).billing
    with reading(request) as call:
        account, closed = billing.account(call, name), billing.periods(call, name)
    running = [] if account.billed_until is None else [{"start": iso(account.billed_until), "end": None}]
    return {"periods": [*(_period(period) for period in closed), *({**_NOTHING, **one} for one in running)]}


handlers: list[Any] = [close_period, list_periods]

_NOTHING = {"state": "open", "as_of": None, "closed_at": None, "invoice": None}


def _period(period: Period) -> Body:
    return {
        "start": iso(period.start),
        "end": iso(period.end),
        "state": "closed",
        "as_of": period.as_of,
        "closed_at": iso(period.closed_at),
        "invoice": period.invoice_number,
    }
