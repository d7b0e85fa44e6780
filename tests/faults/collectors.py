"""Real `stratiform collector` processes, kept alive as a supervisor would."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from support.processes import wait_until

_PROGRAM = [sys.executable, "-m", "stratiform"]
_READY = "listening at"
_PATIENCE_S = 60
_LOOK_S = 0.2


class Collectors:
    """So many of them, each with a home of its own; whoever ends without being told to is started again."""

    def __init__(self, homes: list[Path], logs: Path, settings: dict[str, str]) -> None:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "STRATIFORM_"))}
        self._environment = clean | {f"STRATIFORM_{key.upper()}": value for key, value in settings.items()}
        self._homes = homes
        self._logs = [logs / f"collector-{number}.log" for number in range(len(homes))]
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._begins = [0] * len(homes)  # where in its log each began anew
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="supervisor", daemon=True)
        #: How they ended where nobody told them to.
        self.ends: list[int] = []

    def __len__(self) -> int:
        return len(self._homes)

    def start(self, number: int) -> None:
        with self._guard:
            self._launch(number)

    def wait_ready(self, number: int) -> None:
        """Until it hears the broker, which has its queue from then on, and knows what to do when it is told to end."""
        wait_until(
            lambda: _READY in self._log(number), _PATIENCE_S, f"the collector does not listen: {self._log(number)}"
        )

    def supervise(self) -> None:
        self._keeper.start()

    def kill(self, number: int) -> None:
        """kill -9, and a new one at once."""
        with self._guard:
            process = self._running[number]
            process.kill()
            process.wait()
            self._launch(number)

    def stop(self) -> list[int]:
        """The orderly end of all; how they ended."""
        self._closing.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        codes = []
        for process in self._running.values():
            try:
                codes.append(process.wait(_PATIENCE_S))
            except subprocess.TimeoutExpired:
                process.kill()
                codes.append(process.wait())
        self._running.clear()
        return codes

    def told(self) -> str:
        """The last that each said."""
        return "\n".join(f"{path.name}: …{path.read_text()[-3000:]}" for path in self._logs if path.exists())

    def complaints(self) -> list[str]:
        """Who said something that nobody should have to read: a traceback."""
        return [path.name for path in self._logs if "Traceback" in path.read_text()]

    def _log(self, number: int) -> str:
        """What it said since it was started last."""
        return self._logs[number].read_bytes()[self._begins[number] :].decode() if self._logs[number].exists() else ""

    def _launch(self, number: int) -> None:
        line = [*_PROGRAM, "--home", str(self._homes[number]), "collector"]
        arguments: dict[str, Any] = {"env": self._environment, "stdin": subprocess.DEVNULL}
        with self._logs[number].open("ab") as log:
            self._begins[number] = log.tell()
            self._running[number] = subprocess.Popen(line, stdout=log, stderr=log, **arguments)

    def _keep(self) -> None:
        while not self._closing.wait(_LOOK_S):
            with self._guard:
                for number, process in self._running.items():
                    if process.poll() is not None:
                        self.ends.append(process.returncode)
                        self._launch(number)
