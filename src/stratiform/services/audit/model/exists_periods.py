"""Periods for which services notify `.exists` for every resource (`instance_usage_audit` of Nova)."""

from collections.abc import Iterable

from stratiform.kit.clock import HOUR_US, Micros
from stratiform.services.audit.model.intervals import Window
from stratiform.services.audit.model.ledger_states import LedgerState

#: Servers in these states have no host, and hosts send the notifications.
_STATES_WITHOUT_HOST = ("shelved_offloaded",)


def covers_all_resources(start: Micros, end: Micros) -> bool:
    """Return True if the notifications of a period cover all resources.

    These periods consist of full hours; the ones of other notifications end at the time of the notification.
    """
    return start < end and start % HOUR_US == 0 and end % HOUR_US == 0


def find_period_without_exists(ledger: LedgerState, periods: Iterable[Window]) -> Window | None:
    """Return the first of all periods after the last message about a resource, if the ledger has it in use then."""
    if ledger.last_message_at is None:
        return None
    period = next((each for each in sorted(periods) if each[0] >= ledger.last_message_at), None)
    segment = None if period is None else ledger.find_segment(period[0])
    return None if segment is None or segment.state in _STATES_WITHOUT_HOST else period
