"""Closing a period: what was used until then, as the ledger knows it now, becomes an invoice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from stratiform.kit.clock import Micros, iso, to_datetime
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.billing import document, repository
from stratiform.services.billing.errors import InUse, NotPriced
from stratiform.services.billing.model import Account, Invoice, Period, month, month_around, month_name
from stratiform.services.identity.service import IdentityService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import MeterUsage, PricePlan
from stratiform.services.rating.service import RatingService


@dataclass(slots=True)
class Used:
    """The usage that an account pays for, clipped to its assignments; `names` is filled while segments are read."""

    ledger: LedgerService
    db: Connection
    account_id: str
    start: Micros
    end: Micros
    as_of: int | None = None
    project_id: str | None = None
    names: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Segment]:
        for project_id, first, last in self._intervals():
            yield from self._of_project(project_id, first, last)

    def meter_usages(self, rating: RatingService, plan: PricePlan) -> Iterator[MeterUsage]:
        """Yield the samples that `plan` needs."""
        for project_id, first, last in self._intervals():
            usage_filter = UsageFilter(project_id=project_id, as_of=self.as_of)
            yield from rating.meter_usages.iterate(self.db, plan, first, last, usage_filter)

    def _intervals(self) -> Iterator[tuple[str, Micros, Micros]]:
        for assignment in repository.assignments(self.db, account_id=self.account_id, project_id=self.project_id):
            first, last = max(assignment.start, self.start), min(assignment.until or self.end, self.end)
            if first < last:
                yield assignment.project_id, first, last

    def _of_project(self, project_id: str, first: Micros, last: Micros) -> Iterator[Segment]:
        for segment in self.ledger.segments.iterate_period(self.db, first, last, project_id, self.as_of):
            self.names[segment.resource_type, segment.resource_id, segment.cloud] = segment.name
            yield segment.clip(first, last)


class Wish(NamedTuple):
    """Which period is to be closed: `[start, end)` that is next, or a closed one that is meant again."""

    start: Micros
    end: Micros
    closed: Period | None


@dataclass(frozen=True, slots=True)
class Closing:
    """Closes periods of accounts, inside the caller's transaction."""

    ids: Ids
    identity: IdentityService
    ledger: LedgerService
    ingest: IngestService
    rating: RatingService

    def close(self, ctx: RequestContext, account: Account, month_text: str | None, until: Micros | None) -> str:
        """The number of the invoice of the period, which is issued unless it was before."""
        wish = _wish(account, repository.periods(ctx.db, account.id), month_text, until, ctx.now)
        if wish.closed is not None:
            return wish.closed.invoice_number
        if not repository.bill_until(ctx.db, account.id, account.billed_until, wish.end):
            raise InUse(account.name)
        self.ingest.catch_up(ctx.db, ctx.now)
        return self._issue(ctx, account, wish.start, wish.end)

    def _issue(self, ctx: RequestContext, account: Account, start: Micros, end: Micros) -> str:
        as_of = self.ledger.positions.get_current(ctx.db)
        plan = self.rating.plans.load(ctx.db, account.plan)
        used = Used(self.ledger, ctx.db, account.id, start, end, as_of)
        charge = self.rating.charges.rate(plan, used, start, end, used.meter_usages(self.rating, plan))
        if charge.unpriced:
            raise NotPriced(plan, charge, used.names)
        series = str(to_datetime(ctx.now).year)
        number = f"{series}-{repository.next_number(ctx.db, series):06d}"
        draft = document.Draft(
            number=number,
            issued_at=ctx.now,
            start=start,
            end=end,
            as_of=as_of,
            account=account,
            seller=repository.seller(ctx.db),
            plan=plan,
            lines=charge.lines,
            resource_names=used.names,
            project_names=self._project_names(ctx.db, {line.key.project_id for line in charge.lines}),
        )
        written = document.write(draft)
        row = Invoice(
            number, account.id, account.name, start, end, ctx.now, account.currency, written.total, written.sha256
        )
        repository.add_invoice(ctx.db, row, written.document)
        repository.add_period(ctx.db, Period(self.ids.uuid(), account.id, start, end, as_of, ctx.now, number))
        return number

    def _project_names(self, db: Connection, ids: set[str]) -> dict[str, str]:
        """Names of projects; a project of another cloud's notifications has none here."""
        found = {}
        for project_id in ids:
            try:
                found[project_id] = self.identity.get_project_name(db, project_id)
            except NotFound:
                found[project_id] = ""
        return found


def _wish(account: Account, closed: list[Period], month_text: str | None, until: Micros | None, now: Micros) -> Wish:
    """What is to be closed. Raises Conflict, Invalid with what stands in the way."""
    if account.billed_until is None:
        raise Conflict(f"account '{account.name}' pays for no project yet", hint="`stratiform account assign`")
    first, last = _bounds(month_text, until, account.billed_until)
    again = next((period for period in closed if period.end == last), None)
    if again is not None:
        return Wish(again.start, again.end, again)
    if last <= account.billed_until:
        begins = closed[0].start if closed else account.billed_until
        raise Conflict(
            f"no period of account '{account.name}' ends {iso(last)}: it is closed from {iso(begins)}"
            f" until {iso(account.billed_until)}"
        )
    if first > account.billed_until or last > month_around(account.billed_until)[1]:
        raise Conflict(f"{month_name(account.billed_until)} of account '{account.name}' has to be closed before")
    if last > now:
        raise Conflict(f"the period isn't over before {iso(last)}", hint="`--until now` ends it at this instant")
    return Wish(account.billed_until, last, None)


def _bounds(month_text: str | None, until: Micros | None, billed_until: Micros) -> tuple[Micros, Micros]:
    if month_text is None:
        if until is None:
            raise Invalid("which period?", hint="name a month like 2026-11, or --until now")
        return billed_until, until
    first, last = month(month_text)
    if until is not None and not first < until <= last:
        raise Invalid(f"{iso(until)} is not in {month_text}")
    return first, last if until is None else until
