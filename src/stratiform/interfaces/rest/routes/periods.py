"""`/accounts/{name}/periods`: billing periods."""

from msgspec.structs import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import invoices as schemas
from stratiform.interfaces.rest.schemas.accounts import AccountReference
from stratiform.interfaces.rest.timestamps import parse_timestamp
from stratiform.interfaces.rest.views import billing as views
from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.errors import Conflict
from stratiform.services.billing import policy
from stratiform.services.billing.model import BillingPeriod, LateUsage


@api.post("/accounts/{name}/periods", policy.PERIODS_CLOSE, errors=(Conflict,))
def close_period(request: ApiRequest, name: AccountReference, body: schemas.PeriodClose) -> schemas.ClosedInvoice:
    """Close a month that is over, or the open period until a timestamp, and issue its invoice.

    Closing the same period again returns the same invoice.
    """
    until = None if body.until is None else _until(body.until, request.ctx.now)
    billing = request.services.billing
    invoice = views.invoice(billing.periods.close(request.ctx, name, body.month, until))
    late_usage = [views.late_usage(late) for late in billing.late_usage.list_by_account(request.ctx, name)]
    return schemas.ClosedInvoice(**asdict(invoice), late_usage=late_usage)


@api.get("/accounts/{name}/periods", policy.PERIODS_LIST)
def list_periods(request: ApiRequest, name: AccountReference) -> schemas.Periods:
    """List the periods of a customer account, oldest first; the last one is open."""
    billing = request.services.billing
    account = billing.customer_accounts.get(request.ctx, name)
    late_usage = {late.end: late for late in billing.late_usage.list_by_account(request.ctx, name)}
    periods = [_period(period, late_usage.get(period.end)) for period in billing.periods.list(request.ctx, name)]
    if account.billed_until is not None:
        periods.append(schemas.Period(format_iso(account.billed_until), None, "open", None, None, None, None))
    return schemas.Periods(periods)


def _until(text: str, now: Micros) -> Micros:
    return now if text == "now" else parse_timestamp(text, "until")


def _period(period: BillingPeriod, late: LateUsage | None) -> schemas.Period:
    return schemas.Period(
        start=format_iso(period.start),
        end=format_iso(period.end),
        state="closed",
        as_of=period.as_of,
        closed_at=format_iso(period.closed_at),
        invoice=period.document_number,
        late_usage=None if late is None else views.period_late_usage(late),
    )
