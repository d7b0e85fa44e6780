"""The age of this process."""

import os
import time
from pathlib import Path

_IMPORTED_AT = time.monotonic()


def seconds_since_start() -> float:
    """Return the seconds since this process started, which includes the start of the interpreter and its imports.

    Linux reports them in steps of 10 ms; elsewhere, they are counted from the import of this module.
    """
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started_s = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22: clock ticks after the boot
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - started_s, 0)
    except (OSError, AttributeError):
        return time.monotonic() - _IMPORTED_AT
