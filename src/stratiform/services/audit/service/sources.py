"""What an audit hears from its sources: from messages on what exists, and from what a cloud lists."""

from collections.abc import Sequence

from stratiform.contract.usage import InventoryItem
from stratiform.kit.clock import Micros, iso_seconds
from stratiform.services.audit.model.comparison import SETTLED_US, Absence, Known, Look, Sighting
from stratiform.services.ingest.events.meter_files import MeterFile
from stratiform.services.ledger.service import ExistsEvent

#: Of these a cloud lists states in the ledger's words, of others in its own.
_IN_OUR_WORDS = ("instance", "volume")

_FAILED = "error"


def seen_in_list(
    item: InventoryItem, cloud: str, at: Micros, known: Known, meter_file: MeterFile | None
) -> Sighting | None:
    """That a cloud lists it; None where that doesn't say that it is in use: something on its way between two states,
    or that failed to be made."""
    state = _state_of(item, meter_file)
    if state is None or (state == _FAILED and not known.segments):
        return None
    # A cloud tells when something was made; that its use began later the ledger knows better, where it has use.
    since = None if known.segments else item.since
    look = Look(item.project_id, item.name, state, item.attributes)
    return Sighting(_inventory(cloud, at), at, since, look=look, settled=SETTLED_US)


def not_in_list(cloud: str, at: Micros) -> Absence:
    """That a cloud doesn't list it."""
    return Absence(_inventory(cloud, at), at, True, SETTLED_US)


def not_in_round(missed: tuple[Micros, Micros]) -> Absence:
    """That no message of a round told of it; which may be lost, or its host was down."""
    begins, ends = (iso_seconds(moment) for moment in missed)
    return Absence(f"the round of messages on what existed from {begins} to {ends}", missed[0], False)


def seen_in_message(one: ExistsEvent) -> Sighting | None:
    """None where the message doesn't say that it was in use."""
    said = one.statement
    source = f"message {said.message_id} ({one.event_type})"
    if said.launched_at is not None and said.launched_at > said.at:
        return None
    ended = said.terminated_at if said.terminated_at is not None else said.deleted_at
    if ended is not None:
        return (
            None if said.launched_at is None or ended > said.at else Sighting(source, said.at, said.launched_at, ended)
        )
    return None if said.is_deleted else Sighting(source, said.at, said.launched_at)


def newest(held: Sequence[Sighting], one: Sighting | None) -> list[Sighting]:
    """Of those that say that it goes on the newest, and of those that say when it ended the latest end."""
    kept = [*held] if one is None else [*held, one]
    alive = [sighting for sighting in kept if sighting.until is None]
    ended = [sighting for sighting in kept if sighting.until is not None]
    last = [max(alive, key=lambda sighting: sighting.at)] if alive else []
    return last + ([max(ended, key=lambda sighting: sighting.last)] if ended else [])


def _inventory(cloud: str, at: Micros) -> str:
    return f"inventory of {cloud} at {iso_seconds(at)}"


def _state_of(item: InventoryItem, meter: MeterFile | None) -> str | None:
    """In the ledger's words; "" where a meter has none of it, None where it is none that lasts."""
    if item.resource_type in _IN_OUR_WORDS:
        return item.state or None
    if meter is None or meter.state is None:
        return ""
    words = meter.state.map
    if item.state in words:
        return words[item.state]
    return next((ours for told, ours in words.items() if told[-1:] == "*" and item.state.startswith(told[:-1])), None)
