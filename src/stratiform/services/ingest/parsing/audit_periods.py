"""Audit periods of exists events, which services send at the end of each period for every resource.

Source: nova/compute/utils.py (notify_about_instance_usage), cinder/cmd/volume_usage_audit.py, and recorded messages.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.parsing.payload_values import Payload, find_object, parse_time
from stratiform.services.ledger.model import ResourceStatement


def add_audit_period(event: Event, statements: Sequence[ResourceStatement]) -> Sequence[ResourceStatement]:
    """Return the statements of an exists event with its audit period, if it has one. Raises: InvalidMessage."""
    period = find_period(event.payload)
    if period is None:
        return statements
    return [replace(parsed, statement=replace(parsed.statement, audit_period=period)) for parsed in statements]


def find_instant(payload: Payload) -> Micros | None:
    """Return the instant of the action that a usage audit repeats: a period that starts and ends there.

    Raises: InvalidMessage.
    """
    period = find_period(payload)
    return period[1] if period is not None and period[0] == period[1] else None


def find_period(payload: Payload) -> tuple[Micros, Micros] | None:
    """Return the audit period in a payload. Raises: InvalidMessage."""
    if "nova_object.data" in payload:
        payload = find_object(find_object(find_object(payload, "nova_object.data"), "audit_period"), "nova_object.data")
    start = parse_time(payload.get("audit_period_beginning"), "audit_period_beginning")
    end = parse_time(payload.get("audit_period_ending"), "audit_period_ending")
    return None if start is None or end is None else (start, end)
