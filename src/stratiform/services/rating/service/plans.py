"""Price plans: publish and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.ledger.model import MeterCatalog
from stratiform.services.rating import policy, repository
from stratiform.services.rating.errors import PlanConflict, PlanNotFound
from stratiform.services.rating.model import PlanUpdate, PlanVersion, PricePlan, UnpricedRule
from stratiform.services.rating.plan_files import order_versions, parse_plan
from stratiform.services.rating.plan_version_documents import decode_version


@dataclass(frozen=True, slots=True)
class PricePlans:
    """Price plans. Published versions are immutable."""

    ids: Ids
    catalog: MeterCatalog

    def parse(self, source: str, file: str = "") -> PricePlan:
        """Parse the TOML text of a plan and check it against the meter catalog. Raises: Invalid"""
        return parse_plan(source, self.catalog, file)

    def publish(self, ctx: RequestContext, plan: PricePlan, closed_until: Micros | None = None) -> PricePlan:
        """Add the versions of `plan` that are not published yet, and return the plan with all its versions.

        The caller has locked the plan. `closed_until` is the end of the last period that was closed with it. Raises:
        Invalid, PlanConflict
        """
        policy.PRICES_SET.require(ctx.caller, None)
        update = self.prepare(ctx.db, plan, closed_until)
        self.store(ctx, update)
        return update.merged

    def prepare(self, db: Connection, plan: PricePlan, closed_until: Micros | None = None) -> PlanUpdate:
        """Return what publishing `plan` would change, for another service; see `publish`."""
        published = self.find(db, plan.name)
        if published is not None and published.currency != plan.currency:
            problem = f"The currency of plan '{plan.name}' is {published.currency}, not {plan.currency}"
            raise PlanConflict(problem, hint="choose another name for the plan")
        new = _new_versions(plan, published, closed_until)
        merged = order_versions([*(published.versions if published else ()), *new])
        return PlanUpdate(published, PricePlan(plan.name, plan.currency, plan.unpriced, merged, plan.free), tuple(new))

    def store(self, ctx: RequestContext, update: PlanUpdate) -> None:
        """Store what `prepare` has returned. Raises: PlanConflict if another request has published the plan"""
        policy.PRICES_SET.require(ctx.caller, None)
        plan, published = update.merged, update.published
        if published is None:
            repository.insert_plan(ctx.db, repository.PlanRow(plan.name, plan.currency, plan.unpriced, ctx.now))
        elif published.unpriced != plan.unpriced:
            repository.update_plan(ctx.db, plan.name, plan.unpriced)
        if plan.free != (published.free if published else ()):
            repository.replace_free_types(ctx.db, plan.name, plan.free)
        for version in update.new_versions:
            row_id = self.ids.uuid()
            repository.insert_version(
                ctx.db,
                repository.VersionRow(row_id, plan.name, version.valid_from, version.sha256, version.document, ctx.now),
            )

    def list(self, ctx: RequestContext, page: Page) -> Slice[PricePlan]:
        """Return a page of plans; the marker is a name."""
        policy.PRICES_LIST.require(ctx.caller, None)
        rows = repository.list_plans(ctx.db, page)
        return Slice([_plan(ctx.db, row) for row in rows.items], rows.more)

    def get(self, ctx: RequestContext, name: str) -> PricePlan:
        """Raises: PlanNotFound"""
        policy.PRICES_GET.require(ctx.caller, None)
        return self.load(ctx.db, name)

    def load(self, db: Connection, name: str) -> PricePlan:
        """Return a plan for another service. Raises: PlanNotFound"""
        plan = self.find(db, name)
        if plan is None:
            raise PlanNotFound(name)
        return plan

    def load_locked(self, db: Connection, name: str) -> PricePlan:
        """Return a plan that no other transaction changes until this one ends. Raises: PlanNotFound"""
        repository.lock_plan(db, name, shared=True)
        return self.load(db, name)

    def lock(self, db: Connection, name: str) -> None:
        """Lock a plan for its publication, if it exists: no transaction locks or loads it with a lock meanwhile."""
        repository.lock_plan(db, name)

    def list_all(self, db: Connection) -> Sequence[PricePlan]:
        """Return all plans for another service."""
        return [_plan(db, row) for row in repository.list_all_plans(db)]

    def find(self, db: Connection, name: str) -> PricePlan | None:
        """Return a plan for another service."""
        row = repository.find_plan(db, name)
        return None if row is None else _plan(db, row)


def _plan(db: Connection, row: repository.PlanRow) -> PricePlan:
    versions = tuple(decode_version(version.document) for version in repository.list_versions(db, row.name))
    free = tuple(repository.list_free_types(db, row.name))
    return PricePlan(row.name, row.currency, cast("UnpricedRule", row.unpriced), versions, free)


def _new_versions(plan: PricePlan, published: PricePlan | None, closed_until: Micros | None) -> list[PlanVersion]:
    by_start = {version.valid_from: version for version in published.versions} if published else {}
    new = []
    for version in plan.versions:
        existing = by_start.get(version.valid_from)
        if existing is not None and existing.sha256 != version.sha256:
            raise PlanConflict(
                f"Plan '{plan.name}' already has a version from {format_iso(version.valid_from)} with other prices",
                hint="a published version is immutable; add a version with a later valid_from",
            )
        if existing is None and closed_until is not None and version.valid_from < closed_until:
            raise Invalid(
                f"The version of {format_iso(version.valid_from)} starts in a closed period; the last one ended at"
                f" {format_iso(closed_until)}"
            )
        if existing is None:
            new.append(version)
    return new
