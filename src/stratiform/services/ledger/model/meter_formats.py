"""The format of a meter's values."""

import msgspec

from stratiform.kit.clock import Micros
from stratiform.services.ledger.model.meter_catalog import MeterKind


class MeterFormat(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Kind and unit of a meter's values. `hold`: the longest time for which a gauge's value holds (microseconds)."""

    kind: MeterKind
    unit: str = ""
    hold: Micros = 0
