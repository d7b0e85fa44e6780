"""No process of a test run is left when pytest ends, also if it is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support import watchdog
from support.ports import free_port
from support.processes import WAIT_S, running, wait_until

ROOT = Path(__file__).parents[2]

#: A test with a child process, a program in the background, and a process in a session of its own.
TEST = """
import os
import subprocess
import sys
import time
from pathlib import Path

from support.programs import Cli

FOLDER = Path({folder!r})


def test_starts_processes() -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(3600)"]
    subprocess.Popen(sleep)
    subprocess.Popen(sleep, start_new_session=True)
    Cli(FOLDER / "home")("up", "--detach", "--port", {port!r})
    (FOLDER / "session").write_text(os.environ["STRATIFORM_TEST_SESSION"])
    {end}
"""


def run_pytest(tmp_path: Path, end: str, *options: str) -> list[str]:
    """Write a test that starts processes and ends with `end`. Return the command that runs it."""
    file = tmp_path / "test_processes.py"
    file.write_text(TEST.format(folder=str(tmp_path), port=str(free_port()), end=end))
    config = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "conftest"]
    return [sys.executable, "-m", "pytest", *config, *options, str(file)]


@pytest.fixture
def environment() -> dict[str, str]:
    """Without the variables of this run's workers, which would make pytest a worker of it."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "STRATIFORM_TEST_"))}
    return outer | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the watchdog requires Linux")
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_processes_end_when_pytest_is_killed(
    tmp_path: Path, environment: dict[str, str], options: tuple[str, ...]
) -> None:
    session = tmp_path / "session"
    command = run_pytest(tmp_path, "time.sleep(3600)", *options)
    with running(command, env=environment, stdout=subprocess.DEVNULL) as process:
        wait_until(session.exists, "the test did not start its processes")
        assert len(watchdog.list_processes(session.read_text())) >= 3
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_S)
        wait_until(lambda: watchdog.list_processes(session.read_text()) == [], "processes are left")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the watchdog requires Linux")
def test_processes_end_after_a_failed_test(tmp_path: Path, environment: dict[str, str]) -> None:
    command = run_pytest(tmp_path, "assert False")
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed" in result.stdout, result.stdout + result.stderr
    session = (tmp_path / "session").read_text()
    wait_until(lambda: watchdog.list_processes(session) == [], "processes are left")
