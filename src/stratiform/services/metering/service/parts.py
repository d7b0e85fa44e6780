"""What every verb of metering is given."""

from dataclasses import dataclass

from stratiform.kit.db import Database
from stratiform.kit.ids import Ids
from stratiform.kit.signing import SigningKeys
from stratiform.services.metering.events import Reader


@dataclass(frozen=True, slots=True)
class Parts:
    """What metering is made of. `keys` sign the ledger's checkpoints; `reader` understands messages, which are kept as
    they came for `raw_messages_days` (0: for ever)."""

    database: Database
    ids: Ids
    keys: SigningKeys
    reader: Reader
    raw_messages_days: int = 0
