"""How the values of a meter are counted."""

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.catalog import METER_KINDS as KINDS
from stratiform.services.ledger.model.catalog import MeterKind as Kind

__all__ = ["KINDS", "Kind", "Meter"]


class Meter(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A kind of values. `hold`: for so long a gauge's value holds where no other follows (microseconds)."""

    kind: Kind
    unit: str = ""
    hold: Micros = 0
