"""Sources of audits: `.exists` notifications and inventories of clouds."""

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros, format_iso_seconds
from stratiform.services.audit.model.intervals import Window
from stratiform.services.audit.model.ledger_states import LedgerState
from stratiform.services.audit.model.source_reports import GRACE_PERIOD_US, Absence, Sighting
from stratiform.services.ingest.model.correction_observations import Observation
from stratiform.services.ingest.parsing.compiled_rules import compile_states
from stratiform.services.ingest.parsing.meter_files import MeterFile
from stratiform.services.ledger.service import ExistsEvent

#: Types whose states in inventories are those of the ledger; other types have the cloud's own states.
_TYPES_WITH_LEDGER_STATES = ("instance", "volume")

_ERROR = "error"


def parse_inventory_item(
    item: InventoryItem, cloud: str, at: Micros, ledger: LedgerState, meter_file: MeterFile | None
) -> Sighting | None:
    """Return the sighting of an item in an inventory.

    None if the item is not in use: it changes between two states, or its creation failed.
    """
    state = _find_state(item, meter_file)
    if state is None or (state == _ERROR and not ledger.segments):
        return None
    # The inventory has the time of creation; the start of use in the ledger is more precise.
    since = None if ledger.segments else item.since
    observation = Observation(
        name=item.name or None,
        project_id=item.project_id or None,
        state=state or None,
        attributes=item.attributes,
    )
    return Sighting(_format_inventory(cloud, at), at, since, observation=observation, grace_us=GRACE_PERIOD_US)


def parse_exists_event(event: ExistsEvent) -> Sighting | None:
    """Return the sighting in an `.exists` notification; None if it does not state use."""
    statement = event.statement
    source = f"message {statement.message_id} ({event.event_type})"
    launched_at = statement.launched_at
    if launched_at is not None and launched_at > statement.at:
        return None
    ended_at = statement.terminated_at if statement.terminated_at is not None else statement.deleted_at
    if ended_at is None:
        return None if statement.is_deleted else Sighting(source, statement.at, launched_at)
    if launched_at is None or ended_at > statement.at:
        return None
    return Sighting(source, statement.at, launched_at, ended_at)


def is_deleted(item: InventoryItem, meter_file: MeterFile | None) -> bool:
    """Return True if an inventory lists a resource that does not exist any more, with its last state."""
    states = None if meter_file is None else compile_states(meter_file.state)
    return states is not None and states.is_deleted(item.state)


def report_absence_in_inventory(cloud: str, at: Micros) -> Absence:
    """Return the absence of a resource in the inventory of a cloud."""
    return Absence(_format_inventory(cloud, at), at, is_conclusive=True, grace_us=GRACE_PERIOD_US)


def report_absence_in_exists_events(period: Window) -> Absence:
    """Return the absence in the `.exists` notifications of a period: one may be lost, or a host was down."""
    start, end = (format_iso_seconds(each) for each in period)
    return Absence(f"the .exists notifications from {start} to {end}", period[0], is_conclusive=False)


def _format_inventory(cloud: str, at: Micros) -> str:
    return f"inventory of {cloud} at {format_iso_seconds(at)}"


def _find_state(item: InventoryItem, meter_file: MeterFile | None) -> str | None:
    """Return the state in the ledger: "" if the meter has no states, None for a transitional state."""
    if item.resource_type in _TYPES_WITH_LEDGER_STATES:
        return item.state or None
    states = None if meter_file is None else compile_states(meter_file.state)
    return "" if states is None else states.find_state(item.state)
