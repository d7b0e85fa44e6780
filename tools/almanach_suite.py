"""Run Almanach's own integration tests (release 3.3.2, the last that has them) against Stratiform.

    python tools/almanach_suite.py [pytest arguments]

The tests are downloaded from the package index into `.cache`. They run unmodified, in an environment of their own, with
the plumbing in `almanach_plumbing.py`. Stratiform is configured with `stratiform import`, as after a migration, and has
a RabbitMQ of its own. Exits with 1 if a test fails.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for a broker and the program

from support.ports import free_port  # noqa: E402 - see above
from support.private_rabbitmq import PrivateRabbitmq, private_rabbitmq  # noqa: E402
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

CACHE = ROOT / ".cache" / "almanach-suite"
VERSION = "3.3.2"
SHA256 = "7530fbd61e708b676363cdc6e9309c7591fff0958a66f5dbd0dd6438d390bcdf"
PACKAGES = (
    "kombu",
    "pbr",
    "pyhamcrest",
    "pytest",
    "python-dateutil",
    "pytz",
    "requests",
    "retry",
    "setuptools<81",
    "wheel",
)

#: As Almanach's own container configuration, without the options that differ between containers.
CONFIGURATION = """\
[api]
bind_port = {port}
[collector]
url = amqp://guest:guest@127.0.0.1:{bus_port}
[resources]
device_metadata_whitelist = metering.billing_mode
"""


@dataclass(frozen=True, slots=True)
class Stack:
    """A running Stratiform with its message bus."""

    url: str
    key: str
    bus: str


def main() -> int:
    """Return the exit status."""
    python = _install()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        with private_rabbitmq(Path(folder)) as broker, _running_stack(Path(folder) / "home", broker) as stack:
            _run(python, stack, results)
        return _report(results)


def _install() -> Path:
    """Return the Python of an environment that has what the tests need, beside the tests."""
    environment = CACHE / "environment"
    python = environment / "bin" / "python"
    if not (CACHE / f"almanach-{VERSION}").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        download = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(CACHE)]
        subprocess.run([python, "-m", "pip", "download", "--quiet", *download, f"almanach=={VERSION}"], check=True)
        archive = CACHE / f"almanach-{VERSION}.tar.gz"
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"{archive} is not the archive that was published")
        with tarfile.open(archive) as file:
            file.extractall(CACHE, filter="data")
    return python


@contextmanager
def _running_stack(home: Path, broker: PrivateRabbitmq) -> Iterator[Stack]:
    port, bus = free_port(), f"amqp://guest:guest@127.0.0.1:{broker.port}"
    home.mkdir()
    configuration = home / "almanach.conf"
    configuration.write_text(CONFIGURATION.format(port=port, bus_port=broker.port))
    environment = clean_environment(STRATIFORM_PORT=str(free_port()))
    subprocess.run([*PROGRAM, "import", str(configuration), "--home", str(home)], check=True, env=environment)
    key = tomllib.loads((home / "stratiform.toml").read_text())["almanach_private_key"]
    with running([*PROGRAM, "up", "--home", str(home)], env=environment):
        wait_until(lambda: "almanach.info" in broker.queues(), "the collector does not start")
        yield Stack(f"http://127.0.0.1:{port}", key, bus)


def _run(python: Path, stack: Stack, results: Path) -> None:
    suite = CACHE / f"almanach-{VERSION}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))} | {
        "PYTHONPATH": str(ROOT / "tools"),
        "ALMANACH_SUITE": str(suite),
        "ALMANACH_URL": stack.url,
        "ALMANACH_KEY": stack.key,
        "ALMANACH_BUS": stack.bus,
    }
    options = [
        "-p",
        "almanach_plumbing",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(suite),
        f"--junitxml={results}",
    ]
    tests = [str(suite / "integration_tests")]
    subprocess.run(
        [python, "-m", "pytest", "-q", *options, *(sys.argv[1:] or tests)], cwd=suite, env=environment, check=False
    )


def _report(results: Path) -> int:
    """Print the number of tests that passed, and the others with their reasons. Return the exit status."""
    cases = list(ElementTree.parse(results).getroot().iter("testcase"))
    failed = [case for case in cases if any(child.tag in ("failure", "error") for child in case)]
    for case in failed:
        reason = next(child for child in case if child.tag in ("failure", "error")).get("message", "")
        sys.stdout.write(f"{case.get('classname')}.{case.get('name')}: {' '.join(reason.split())[:300]}\n")
    sys.stdout.write(f"{len(cases) - len(failed)} of {len(cases)} tests of Almanach {VERSION} passed\n")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
