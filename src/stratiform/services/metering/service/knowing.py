"""What the ledger understands of messages, and what it was told that it doesn't."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.services.metering import repository
from stratiform.services.metering.events.meterfile import MeterFile
from stratiform.services.metering.policy import policy
from stratiform.services.metering.service.parts import Parts


@dataclass(frozen=True, slots=True)
class Unmetered:
    """Messages of one kind that speak of nothing that is metered. `why` is empty where nobody decided so; `is_read`:
    a meter reads this kind by now, or found nothing in these."""

    cloud: str
    event_type: str
    count: int
    first_at: Micros
    last_at: Micros
    why: str
    is_read: bool


class Knowing(Parts):
    """Verbs that tell what is understood."""

    __slots__ = ()

    def list_meters(self, ctx: RequestContext) -> list[MeterFile]:
        """All, by name. Every caller may know them."""
        policy.require(ctx.caller, "usage:meters:list", None)
        return [*self.reader.meters.values()]

    def list_unknown(self, ctx: RequestContext) -> list[Unmetered]:
        """How many messages came that speak of nothing that is metered, by cloud and kind."""
        policy.require(ctx.caller, "usage:unknown:list", None)
        return [
            Unmetered(
                *(one.cloud, one.event_type, one.count, one.first_at, one.last_at),
                why=self.reader.why_nothing(one.event_type),
                is_read=self.reader.is_read(one.event_type),
            )
            for one in repository.unknown.counted(ctx.db)
        ]
