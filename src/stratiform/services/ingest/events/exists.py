"""The period that a message on what exists speaks of: services tell at the end of each of everything that was there.

Source: nova/compute/utils.py (notify_about_instance_usage), cinder/cmd/volume_usage_audit.py, and recorded messages.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.events.values import mapping, moment
from stratiform.services.ledger.model import ResourceStatement


def with_period(event: Event, facts: Sequence[ResourceStatement]) -> Sequence[ResourceStatement]:
    """`facts` of a message on what exists, each with the period. Raises InvalidMessage."""
    period = _period(event)
    if period is None:
        return facts
    return [replace(fact, statement=replace(fact.statement, audit_period=period)) for fact in facts]


def _period(event: Event) -> tuple[Micros, Micros] | None:
    told = event.payload
    if "nova_object.data" in told:
        told = mapping(mapping(mapping(told, "nova_object.data"), "audit_period"), "nova_object.data")
    begins = moment(told.get("audit_period_beginning"), "audit_period_beginning")
    ends = moment(told.get("audit_period_ending"), "audit_period_ending")
    return None if begins is None or ends is None else (begins, ends)
