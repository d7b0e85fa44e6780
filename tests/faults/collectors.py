"""`stratiform collector` processes with a supervisor that restarts them."""

import signal
import subprocess
import threading
from pathlib import Path

from support.processes import PROGRAM, WAIT_S, clean_environment, kill_tree, wait_until

_READY = "consuming notifications"
_POLL_S = 0.2


class Collectors:
    """One collector for each home; one that ends by itself is started again."""

    def __init__(self, homes: list[Path], log_folder: Path, settings: dict[str, str]) -> None:
        self._environment = clean_environment(**{f"STRATIFORM_{key.upper()}": value for key, value in settings.items()})
        self._homes = homes
        self._logs = [log_folder / f"collector-{number}.log" for number in range(len(homes))]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._log_starts = [0] * len(homes)  # where in the log the output of the running process starts
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        #: Exit codes of collectors that ended by themselves.
        self.exit_codes: list[int] = []

    def __len__(self) -> int:
        return len(self._homes)

    def start(self, number: int) -> None:
        with self._lock:
            self._launch(number)

    def wait_ready(self, number: int) -> None:
        """Wait until a collector consumes: its queue exists, and it handles signals."""
        try:
            wait_until(lambda: _READY in self._log(number), "the collector does not listen")
        except AssertionError as error:
            error.add_note(self._log(number)[-2000:])
            raise

    def supervise(self) -> None:
        self._supervisor.start()

    def kill(self, number: int) -> None:
        """Kill a collector with SIGKILL, and start a new one."""
        with self._lock:
            process = self._processes[number]
            process.kill()
            process.wait()
            self._launch(number)

    def stop(self) -> list[int]:
        """Stop all collectors with SIGTERM. Return their exit codes."""
        self._stopping.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        for process in self._processes.values():
            process.send_signal(signal.SIGTERM)
        exit_codes = []
        for process in self._processes.values():
            try:
                exit_codes.append(process.wait(WAIT_S))
            except subprocess.TimeoutExpired:
                kill_tree(process)
                exit_codes.append(process.returncode)
        self._processes.clear()
        return exit_codes

    def log_tails(self) -> str:
        """Return the end of each log."""
        return "\n".join(f"{path.name}: …{path.read_text()[-3000:]}" for path in self._logs if path.exists())

    def logs_with_tracebacks(self) -> list[str]:
        return [path.name for path in self._logs if "Traceback" in path.read_text()]

    def _log(self, number: int) -> str:
        """Return the output of the running process."""
        log = self._logs[number]
        return log.read_bytes()[self._log_starts[number] :].decode() if log.exists() else ""

    def _launch(self, number: int) -> None:
        command = [*PROGRAM, "--home", str(self._homes[number]), "collector"]
        with self._logs[number].open("ab") as log:
            self._log_starts[number] = log.tell()
            self._processes[number] = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _supervise(self) -> None:
        while not self._stopping.wait(_POLL_S):
            with self._lock:
                for number, process in self._processes.items():
                    if process.poll() is not None:
                        self.exit_codes.append(process.returncode)
                        self._launch(number)
