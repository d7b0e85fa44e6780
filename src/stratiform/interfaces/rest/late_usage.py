"""The usage of closed periods that a request changes."""

from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from stratiform.interfaces.rest.schemas.late_usage import LateUsage
from stratiform.interfaces.rest.views import billing as views
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import Caller
from stratiform.services.billing import policy


@dataclass(frozen=True, slots=True)
class LateUsageCheck:
    """Finds what was added to closed periods since its start; nothing for callers who may not list periods."""

    services: Services
    caller: Caller
    position: int

    @classmethod
    def start(cls, services: Services, ctx: RequestContext) -> "LateUsageCheck":
        return cls(services, ctx.caller, services.ledger.positions.get_current_position(ctx.db))

    def find(self, ctx: RequestContext) -> list[LateUsage] | UnsetType:
        """Return the late usage of periods that have changed, or UNSET."""
        if not policy.PERIODS_LIST.allows(ctx.caller, None):
            return UNSET
        late_usage = self.services.billing.late_usage.list_since(ctx, self.position)
        return [views.late_usage(late) for late in late_usage] or UNSET

    def find_committed(self) -> list[LateUsage] | UnsetType:
        """Return the same in a transaction of its own. The token is not validated again: it may have expired."""
        with self.services.database.read_transaction() as db:
            return self.find(RequestContext(db, self.caller, self.services.clock.now()))
