"""`/api/v1/accounts/{name}/periods`: closing what has been used, which issues the invoice."""

from typing import Any

import msgspec

from stratiform.interfaces.rest.accounts import moment
from stratiform.interfaces.rest.invoices import invoice_view
from stratiform.interfaces.services import Request, decode, get, post, reading, services_of, writing
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
    with writing(request) as ctx:
        until = None
        if wanted.until is not None:
            until = ctx.now if wanted.until == "now" else moment(wanted.until, "until")
        return invoice_view(services_of(request).billing.close(ctx, name, wanted.month, until))


@get("/accounts/{name:str}/periods")
def list_periods(request: Request, name: str) -> Body:
    """The closed periods of an account, the oldest first, and since when the running one is open."""
    billing = services_of(request).billing
    with reading(request) as ctx:
        account, closed = billing.account(ctx, name), billing.periods(ctx, name)
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
