"""Warnings in the log for messages that change closed periods."""

import logging
from dataclasses import dataclass

from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Unavailable
from stratiform.kit.policy import SYSTEM
from stratiform.services.rating.model import AMOUNT_DIGITS, format_scaled

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class LateUsageLog:
    """Logs the late usage of closed periods since the last call. None: nothing was read yet."""

    services: Services
    position: int | None = None

    def log(self) -> None:
        try:
            self._log()
        except Unavailable as error:
            logger.warning("late-usage check failed error=%r", error.message)
        except Exception:
            logger.exception("late-usage check failed")

    def _log(self) -> None:
        with self.services.database.read_transaction() as db:
            ctx = RequestContext(db, SYSTEM, self.services.clock.now())
            current = self.services.ledger.positions.get_current_position(db)
            if self.position is not None and self.position < current:
                for late in self.services.billing.late_usage.list_since(ctx, self.position):
                    logger.warning(
                        "late usage account=%s invoice=%s amount=%s currency=%s resources=%d unpriced_resources=%d",
                        late.account_name,
                        late.document_number,
                        format_scaled(late.amount, AMOUNT_DIGITS),
                        late.currency,
                        late.resources,
                        late.unpriced_resources,
                    )
        self.position = current
