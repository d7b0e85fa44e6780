"""Audits of the ledger against `.exists` notifications and the inventories of clouds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stratiform.kit.clock import Clock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Caller
from stratiform.services.audit import policy, repository
from stratiform.services.audit.model import AuditEvent, AuditProgress, AuditRequest, AuditSummary, CloudAudit
from stratiform.services.audit.service.audit_runs import AuditRun
from stratiform.services.audit.service.inventories import InventoryStore, open_inventories
from stratiform.services.clouds.service import CloudsService
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class Audits:
    """Runs audits."""

    database: Database
    clock: Clock
    ledger: LedgerService
    ingest: IngestService
    clouds: CloudsService
    ids: Ids

    def require_run(self, ctx: RequestContext) -> None:
        """Check that the caller may run audits. Raises: Forbidden."""
        policy.AUDITS_CREATE.require(ctx.caller, None)

    def run(self, ctx: RequestContext, request: AuditRequest) -> Iterator[AuditEvent]:
        """Return the events of an audit, the summary last; iterate over them after the transaction of `ctx`.

        Raises: Forbidden; Invalid if the period is in the future or a cloud is unknown.
        """
        self.require_run(ctx)
        if ctx.now <= request.start:
            raise Invalid(f"The period {request.name} is in the future.", hint="use a month that has already begun")
        connected = {cloud.name: cloud.id for cloud in self.clouds.accounts.list_all(ctx.db)}
        for name in request.clouds:
            self.ledger.filter_name_checks.check_cloud(ctx.db, name)
        clouds = {name: connected[name] for name in sorted(connected) if not request.clouds or name in request.clouds}
        return self._run(ctx.caller, request, clouds)

    def list_by_cloud(self, db: Connection, start: Micros, end: Micros) -> Mapping[str, CloudAudit]:
        """Return the last audit of each cloud that reaches furthest into `[start, end)`, for another service."""
        audits: dict[str, CloudAudit] = {}
        for each in repository.list_cloud_audits(db, start, end):
            if each.cloud not in audits or each.audited_until >= audits[each.cloud].audited_until:
                audits[each.cloud] = each
        return audits

    def _run(self, caller: Caller, request: AuditRequest, clouds: Mapping[str, str]) -> Iterator[AuditEvent]:
        """Read the inventories with no transaction open, then compare them with the ledger."""
        summary = AuditSummary(request)
        with open_inventories() as inventories:
            yield from self._read_inventories(inventories, clouds, summary)
            run = AuditRun(
                database=self.database,
                clock=self.clock,
                ledger=self.ledger,
                ingest=self.ingest,
                caller=caller,
                request=request,
                window=(request.start, min(request.end, self.clock.now())),
                inventories=inventories,
                summary=summary,
            )
            yield from run.compare_resources()
        for name in summary.coverage.keys() - clouds.keys():
            summary.no_inventory[name] = "not connected"
        run.store(self.ids.uuid())
        yield summary

    def _read_inventories(
        self, inventories: InventoryStore, clouds: Mapping[str, str], summary: AuditSummary
    ) -> Iterator[AuditEvent]:
        """Read the inventory of every cloud that has one."""
        for name, cloud_id in clouds.items():
            try:
                connection = self.clouds.connections.get(cloud_id)
                if connection.usage is None:
                    summary.no_inventory[name] = "its connector has no inventory"
                    continue
                count = 0
                yield AuditProgress(name, count)
                for count in inventories.load(name, connection, self.clock.now()):
                    yield AuditProgress(name, count)
            except Fault as error:
                summary.failed[name] = error.message
                continue
            total = summary.inventories[name] = inventories.summaries[name].items
            if count != total:
                yield AuditProgress(name, total)
