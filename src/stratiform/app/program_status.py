"""The status of the worker and of the collector, for `stratiform status`.

They write it to a file in the home while they run. After a kill it stays, so it is only read if the program runs.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stratiform.app.home_folder import write_private

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stratiform.interfaces.amqp.bus_status import BusState


@dataclass(frozen=True, slots=True)
class StatusFile:
    """`HOME/PROGRAM.json`."""

    home: Path
    program: str

    def write_buses(self, buses: "Sequence[BusState]") -> None:
        """Write the state of each bus; an empty list: no bus is configured."""
        self._write({"buses": [asdict(bus) for bus in buses]})

    def write_failure(self, failure: tuple[str, int] | None) -> None:
        """Write why the program can't work, and since when; None if it can."""
        self._write({"failure": failure})

    def read(self) -> Any:
        """Return what the program wrote; None if it wrote nothing."""
        with suppress(FileNotFoundError, ValueError):
            return json.loads(self._path.read_text())
        return None

    def delete(self) -> None:
        self._path.unlink(missing_ok=True)

    def _write(self, content: object) -> None:
        """Write the file. If that fails, delete it: programs continue on a full disk, but must not report old facts."""
        try:
            write_private(self._path, json.dumps(content))
        except OSError:
            with suppress(OSError):
                self.delete()

    @property
    def _path(self) -> Path:
        return self.home / f"{self.program}.json"
