"""The verbs of rating."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice

from stratiform.kit.clock import Micros, iso
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.rating import charge, duck, plan, repository
from stratiform.services.rating.errors import Fixed, NoPlan
from stratiform.services.rating.model import Charge, LineKey, Plan, Price, Usage, Version
from stratiform.services.rating.policy import policy

#: Up to so many segments the plain engine is done before the fast one is loaded.
FEW = 5_000


@dataclass(frozen=True, slots=True)
class RatingService:
    """See the package's own page."""

    ids: Ids

    def set_plan(self, ctx: RequestContext, source: str, closed_until: Micros | None = None) -> Plan:
        """Publish what the TOML text `source` says that isn't yet; the plan as it is then.

        Nothing that is published changes. `closed_until`: the end of the last period that was closed by this
        plan. Raises Invalid, Fixed.
        """
        policy.require(ctx.caller, "rating:prices:set", None)
        wanted = plan.read(source)
        there = self._find(ctx.db, wanted.name)
        if there is not None and there.currency != wanted.currency:
            raise Fixed(f"plan '{wanted.name}' is in {there.currency}, not {wanted.currency}", hint="name a new plan")
        new = _new_versions(wanted, there, closed_until)
        merged = plan.in_order([*(there.versions if there else ()), *new])
        self._store(ctx, wanted, there, new)
        return Plan(wanted.name, wanted.currency, wanted.unpriced, merged)

    def plans(self, ctx: RequestContext, page: Page) -> Slice[Plan]:
        policy.require(ctx.caller, "rating:prices:list", None)
        found = repository.plans(ctx.db, page)
        return Slice([self.plan(ctx.db, row.name) for row in found.items], found.more)

    def show(self, ctx: RequestContext, name: str) -> Plan:
        """Raises NoPlan."""
        policy.require(ctx.caller, "rating:prices:get", None)
        return self.plan(ctx.db, name)

    def plan(self, db: Connection, name: str) -> Plan:
        """Raises NoPlan."""
        found = self._find(db, name)
        if found is None:
            raise NoPlan(name)
        return found

    def plan_of(self, source: str) -> str:
        """The name of the plan that `source` speaks of. Raises Invalid."""
        return plan.read(source).name

    def rate(self, prices: Plan, usages: Iterable[Usage], start: Micros, end: Micros) -> Charge:
        """What `usages` cost in `[start, end)`: many by the fast engine, few by the plain one, with the same result.

        Raises Invalid where a number has more digits than can be counted.
        """
        rest = iter(usages)
        few = list(islice(rest, FEW + 1))
        if len(few) <= FEW:
            return charge.rate(few, prices, start, end)
        return duck.rate(duck.table(chain(few, rest)), prices, start, end)

    def rate_by_day(
        self, prices: Plan, usages: Iterable[Usage], start: Micros, end: Micros
    ) -> tuple[Charge, dict[LineKey, dict[Micros, int]]]:
        """As `rate`, and how each line's amount falls on the days of `[start, end)`, to the last digit."""
        return charge.rate_by_day(usages, prices, start, end)

    def prices_of(self, prices: Plan, usage: Usage, at: Micros) -> list[tuple[Price, int]]:
        """What `usage` costs at the instant `at`: prices, each with the parts used."""
        return charge.prices_at(usage, prices, at)

    def _find(self, db: Connection, name: str) -> Plan | None:
        row = repository.plan(db, name)
        if row is None:
            return None
        versions = tuple(plan.from_document(version.document) for version in repository.versions(db, name))
        return Plan(row.name, row.currency, row.unpriced, versions)

    def _store(self, ctx: RequestContext, wanted: Plan, there: Plan | None, new: list[Version]) -> None:
        if there is None:
            row = repository.PlanRow(wanted.name, wanted.currency, wanted.unpriced, ctx.now)
            repository.add_plan(ctx.db, row)
        elif there.unpriced != wanted.unpriced:
            repository.set_unpriced(ctx.db, wanted.name, wanted.unpriced)
        for version in new:
            repository.add_version(
                ctx.db,
                repository.VersionRow(
                    self.ids.uuid(), wanted.name, version.valid_from, version.sha256, version.document, ctx.now
                ),
            )


def _new_versions(wanted: Plan, there: Plan | None, closed_until: Micros | None) -> list[Version]:
    published = {version.valid_from: version for version in there.versions} if there else {}
    new = []
    for version in wanted.versions:
        old = published.get(version.valid_from)
        if old is not None and old.sha256 != version.sha256:
            raise Fixed(
                f"the version of {iso(version.valid_from)} of plan '{wanted.name}' is published and differs",
                hint="a version is never edited; add one with a later valid_from",
            )
        if old is None and closed_until is not None and version.valid_from < closed_until:
            raise Invalid(
                f"the version of {iso(version.valid_from)} begins in a closed period; the last one ended"
                f" {iso(closed_until)}"
            )
        if old is None:
            new.append(version)
    return new
