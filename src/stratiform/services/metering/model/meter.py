"""How the values of a meter are counted."""

from typing import Literal, get_args

import msgspec

from stratiform.kit.clock import Micros

#: `delta`: each value is what was used since the one before. `cumulative`: a counter that only grows, until it begins
#: anew. `gauge`: how much there is; it is summed over time.
Kind = Literal["delta", "cumulative", "gauge"]
KINDS: tuple[str, ...] = get_args(Kind)


class Meter(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A kind of values. `hold`: for so long a gauge's value holds where no other follows (microseconds)."""

    kind: Kind
    unit: str = ""
    hold: Micros = 0
