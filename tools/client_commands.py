"""Run every command of the unmodified `openstack` client against a fresh Stratiform, and list which of them work.

    python tools/client_commands.py [--page] [FILE …]

The commands are in tests/client_steps/*.txt (see its README.md). `--page` writes the results of all files to
docs/reference/openstack-commands.md. Exits with 1 if a command is broken.
"""

import argparse
import contextlib
import importlib.metadata
import io
import json
import os
import pty
import re
import shlex
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from cliff.lister import Lister
from cliff.show import ShowOne
from openstackclient import shell

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.ports import free_port  # noqa: E402 - see above
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

STEPS = ROOT / "tests" / "client_steps"
PAGE = ROOT / "docs" / "reference" / "openstack-commands.md"
GROUPS = ("common", "compute.v2", "identity.v3", "image.v2", "network.v2", "volume.v3")
UNKNOWN_ID = "11111111-2222-4333-8444-555555555555"

#: Verdicts, the best first: a command has the best one of its invocations, but a broken one counts first.
VERDICTS = {
    "broken": "an unexpected error, or a response that the client does not understand",
    "works": "at least one invocation works",
    "no route": "404 or 405 for a path that does not exist",
    "not supported": "501 with the reason",
    "refused": "4xx with the reason, or refused by the client",
    "not tried": "no step has the command",
}

_TIMEOUT_S = 180
_PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f me\n"
_NO_ROUTE = re.compile(r'"message": ?"(The resource could not be found\.|Not Found)"')
_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9]*)(?:\.([\w ]+))?=(.*)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP request of a command: its method and path, and the status and the body of the response."""

    request: str
    status: int
    body: str

    @property
    def has_no_route(self) -> bool:
        return self.status == 405 or (self.status == 404 and _NO_ROUTE.search(self.body) is not None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one invocation: exit status, output, errors and HTTP requests."""

    status: int
    output: str
    errors: str
    exchanges: Sequence[Exchange]


@dataclass(slots=True)
class Session:
    """The state of a step file: saved values, variables of the environment, and the verdicts by command."""

    commands: Mapping[str, type[Any]]
    folder: Path
    values: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def run_step(self, line: str) -> None:
        if line.startswith("!"):
            self._run_directive(*line[1:].partition(" ")[::2])
            return
        line, _, check = line.partition(" ?? ")
        match = _ASSIGNMENT.fullmatch(line)
        name, key, line = (match[1], match[2] or "id", match[3]) if match else ("", "", line)
        is_refusal = line.startswith("~")
        argv = shlex.split(self._fill(line.removeprefix("~")))
        command = find_command(argv, self.commands)
        if command and "-f" not in argv and issubclass(self.commands[command], ShowOne | Lister):
            argv += ["-f", "json"]
        outcome = invoke(argv, self.environment, self.folder)
        verdict = judge(outcome, self._fill(check), self.values, is_refusal=is_refusal)
        self.verdicts[command].add(verdict)
        if name and not outcome.status:
            self.values[name] = _find_value(outcome.output, key)
        if verdict not in ("works", "refused") or (verdict == "refused" and check):
            last = [f"{item.request} {item.status}" for item in outcome.exchanges if item.status >= 400][-1:]
            sys.stdout.write(f"{verdict}: {' '.join(argv)}: {last} {outcome.errors.strip()[-300:]} {check}\n")

    def _run_directive(self, name: str, rest: str) -> None:
        """Set a variable (`env`, `unenv`, `set`), sleep, or wait for a status."""
        key, _, value = self._fill(rest).partition("=")
        if name == "env":
            self.environment[key.strip()] = value.strip()
        elif name == "unenv":
            self.environment.pop(key.strip(), None)
        elif name == "set":
            self.values[key.strip()] = value.strip()
        elif name == "sleep":
            time.sleep(float(rest))
        elif name == "wait":
            noun, resource, status = shlex.split(self._fill(rest))
            self._wait([*noun.split(), "show", resource, "-f", "value", "-c", "status"], status)

    def _wait(self, argv: list[str], status: str) -> None:
        for _ in range(60):
            outcome = invoke(argv, self.environment, self.folder)
            if outcome.output.strip().lower() in (status.lower(), "error") or (status == "gone" and outcome.status):
                return
            time.sleep(0.5)

    def _fill(self, text: str) -> str:
        return re.sub(r"\$(\w+)", lambda match: self.values.get(match[1], UNKNOWN_ID), text)


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description="Run every command of the openstack client.")
    parser.add_argument("files", nargs="*", type=Path, default=sorted(STEPS.glob("*.txt")))
    parser.add_argument("--page", action="store_true", help="write docs/reference/openstack-commands.md")
    arguments = parser.parse_args()
    groups = load_commands()
    commands = {name: command for members in groups.values() for name, command in members.items()}
    verdicts: dict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as folder, _running_cloud(Path(folder)) as environment:
        os.environ.update(environment)
        for file in arguments.files:
            session = Session(commands, Path(folder), {"WORK": folder, "AUTH_URL": environment["AUTH_URL"]})
            for line in file.read_text().splitlines():
                if line.strip() and not line.startswith("#"):
                    session.run_step(line)
            for command, reached in session.verdicts.items():
                verdicts[command] |= reached
    results = {
        group: {name: choose(verdicts.get(name, set())) for name in members} for group, members in groups.items()
    }
    page = render_page(results)
    sys.stdout.write(page)
    if arguments.page:
        PAGE.write_text(page)
    return 1 if any("broken" in members.values() for members in results.values()) else 0


def load_commands() -> dict[str, dict[str, type[Any]]]:
    """Return the classes of all commands by group and name."""
    return {
        group: {
            entry.name.replace("_", " "): entry.load()
            for entry in importlib.metadata.entry_points(group=f"openstack.{group}")
        }
        for group in GROUPS
    }


def find_command(argv: Sequence[str], commands: Mapping[str, object]) -> str:
    """Return the longest name of a command that `argv` start with, or ""."""
    names = (" ".join(argv[:count]) for count in range(len(argv), 0, -1))
    return next((name for name in names if name in commands), "")


def invoke(argv: Sequence[str], environment: Mapping[str, str], folder: Path) -> Outcome:
    """Run a command in a child of this process, which has loaded the client already."""
    path = folder / "outcome.json"
    path.unlink(missing_ok=True)
    child = os.fork()
    if not child:
        try:
            os.dup2(pty.openpty()[1], 0)  # the client reads passwords from a terminal only
            os.environ.update(environment)
            path.write_text(json.dumps(_run_client(list(argv))))
        finally:
            os._exit(0)
    deadline = time.monotonic() + _TIMEOUT_S
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > deadline:
            os.kill(child, 9)
            os.waitpid(child, 0)
            return Outcome(1, "", "timeout", [])
        time.sleep(0.02)
    if not path.exists():
        return Outcome(1, "", "the client wrote no result", [])
    status, output, errors, exchanges = json.loads(path.read_text())
    return Outcome(status, output, errors, [Exchange(*exchange) for exchange in exchanges])


def _run_client(argv: list[str]) -> tuple[int, str, str, list[tuple[str, int, str]]]:
    exchanges: list[tuple[str, int, str]] = []
    send = requests.Session.send

    def record(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = send(session, request, **options)
        is_text = "json" in response.headers.get("content-type", "") and response.status_code >= 400
        body = response.text if is_text else ""
        exchanges.append((f"{request.method} {request.path_url}", response.status_code, body))
        return response

    requests.Session.send = record  # type: ignore[method-assign, assignment]
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            status = shell.main(argv)
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:  # any error of the client is a result
            traceback.print_exc()
            status = 99
    return int(status or 0), output.getvalue(), errors.getvalue(), exchanges


def judge(outcome: Outcome, check: str, values: Mapping[str, str], *, is_refusal: bool = False) -> str:
    """Return the verdict on one invocation. `check`: an expression on the output `o` and `err` that must hold."""
    failed = [exchange for exchange in outcome.exchanges if exchange.status >= 400]
    if any(exchange.status >= 500 and exchange.status != 501 for exchange in failed) or outcome.errors == "timeout":
        return "broken"
    if not outcome.status:
        if is_refusal or (check and not _is_true(check, outcome, values)):
            return "broken"
        return "works"
    if any(exchange.status == 501 for exchange in failed):
        return "not supported"
    if not is_refusal and any(exchange.has_no_route for exchange in failed):
        return "no route"
    return "broken" if outcome.status == 99 else "refused"


def _is_true(check: str, outcome: Outcome, values: Mapping[str, str]) -> bool:
    parsed = json.loads(outcome.output) if outcome.output.strip()[:1] in ("[", "{") else outcome.output
    try:
        return bool(eval(check, {"o": parsed, "v": values, "err": outcome.errors}))  # of our own step files
    except (LookupError, TypeError, AttributeError, ValueError):
        return False


def _find_value(output: str, key: str) -> str:
    try:
        parsed = json.loads(output)
    except ValueError:
        return output.strip().rpartition("\n")[2]
    row = parsed[0] if isinstance(parsed, list) and parsed else parsed
    return str(row.get(key, row.get("ID", row.get("id", "")))) if isinstance(row, dict) else ""


def choose(verdicts: set[str]) -> str:
    """Return the verdict on a command from those on its invocations."""
    return next((verdict for verdict in VERDICTS if verdict in verdicts), "not tried")


@contextmanager
def _running_cloud(folder: Path) -> Iterator[dict[str, str]]:
    """Start Stratiform and yield the variables of the client."""
    home, port = folder / "home", free_port()
    (folder / "img").write_bytes(bytes(2**20))
    (folder / "key.pub").write_text(_PUBLIC_KEY)
    (folder / "filters.json").write_text('{"interface": "public"}')
    (folder / "rules.json").write_text('[{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]')
    with running([*PROGRAM, "up", "--home", str(home)], env=clean_environment(STRATIFORM_PORT=str(port))):
        wait_until(lambda: (home / "clouds.yaml").exists() and _is_ready(port), "Stratiform does not start")
        yield {
            "OS_CLIENT_CONFIG_FILE": str(home / "clouds.yaml"),
            "OS_CLOUD": "stratiform-admin",
            "AUTH_URL": f"http://127.0.0.1:{port}/identity/v3",
            "PYTHONWARNINGS": "ignore",
            "COLUMNS": "200",
        }


def _is_ready(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/identity/v3", timeout=5).ok
    except requests.RequestException:
        return False


def render_page(results: Mapping[str, Mapping[str, str]]) -> str:
    """Return docs/reference/openstack-commands.md."""
    version = importlib.metadata.version("python-openstackclient")
    lines = [
        "# Commands of the openstack client",
        "",
        "<!-- Generated by `make client-commands PAGE=1`. -->",
        "",
        f"Results of all commands of python-openstackclient {version}, run against a new installation with the",
        "simulated cloud. `make client-commands` repeats the run.",
        "",
        "| verdict | meaning |",
        "|---|---|",
        *(f"| {verdict} | {meaning} |" for verdict, meaning in VERDICTS.items()),
        "",
        f"| group | {' | '.join(VERDICTS)} | all |",
        "|---|" + "---|" * (len(VERDICTS) + 1),
    ]
    every = {f"{group} {name}": value for group, members in results.items() for name, value in members.items()}
    rows = {**results, "sum": every}
    for group, members in rows.items():
        counts = [sum(value == verdict for value in members.values()) for verdict in VERDICTS]
        lines.append(f"| {group} | {' | '.join(map(str, counts))} | {len(members)} |")
    for verdict in VERDICTS:
        lines += ["", f"## {verdict.capitalize()}", ""]
        for group, members in results.items():
            names = sorted(name for name, value in members.items() if value == verdict)
            if names:
                lines += [f"| {group} ({len(names)}) |", "|---|", f"| {', '.join(names)} |", ""]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
