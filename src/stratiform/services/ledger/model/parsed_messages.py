"""Messages as they are ingested."""

from collections.abc import Sequence
from typing import NamedTuple

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.name_timelines import StatedName
from stratiform.services.ledger.model.statements import ResourceStatement


class ParsedMessage(NamedTuple):
    """A message with its statements about resources; there are none if the message is ignored.

    `errors`: why items of a list in the message were rejected; the statements of its other items are valid. `names`:
    names that the message states besides.
    """

    cloud: str
    body: bytes
    event_type: str
    message_id: str
    at: Micros
    statements: Sequence[ResourceStatement]
    errors: Sequence[str] = ()
    names: Sequence[StatedName] = ()
