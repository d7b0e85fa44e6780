"""Run unmodified clients of OpenStack other than the `openstack` command against a fresh Stratiform.

    python tools/client_suites.py [--page] [CLIENT …]

Clients: libcloud, ansible, nova, cinder, glance, neutron, rally (default: all). They are installed from the package
index into environments of their own in `.cache/clients`; what they do is in tests/clients/ (see its README.md).
`--page` writes the results to docs/reference/clients.md, with the last ones of clients that are not run this time.
Exits with 1 if a step fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import openstack
from openstack.connection import Connection

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.ports import free_port  # noqa: E402 - see above
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402
from support.shell_steps import ShellSession, Step  # noqa: E402

CACHE = ROOT / ".cache" / "clients"
CALLS = ROOT / "tests" / "clients"
PAGE = ROOT / "docs" / "reference" / "clients.md"

#: Packages of each environment. The collection openstack.cloud 2.5.0 in `ansible` needs an openstacksdk before 4.5.
PACKAGES: dict[str, tuple[str, ...]] = {
    "libraries": (
        "apache-libcloud==3.9.1",
        "python-cinderclient==9.10.0",
        "python-glanceclient==4.13.0",
        "python-neutronclient==14.0.0",
        "python-novaclient==18.13.1",
    ),
    "ansible": ("ansible==12.3.0", "openstacksdk==4.4.0"),
    "rally": ("rally==5.1.1", "rally-openstack==4.1.0", "setuptools<81"),
}

#: Steps that fail with OpenStack as well, and the reason.
EXPECTED_FAILURES: dict[tuple[str, str], str] = {
    ("libcloud", "ex_rebuild"): "libcloud sends `flavorRef` with the action `rebuild`, which Nova refuses too",
}


@dataclass(frozen=True, slots=True)
class Site:
    """A running installation: folder for files, variables of the clients, and ids for the steps by name."""

    folder: Path
    environment: Mapping[str, str]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its package, the environment that has it, and how to run its steps."""

    package: str
    environment: str
    run: Callable[[Path, Site], Iterator[Step]]


@dataclass(frozen=True, slots=True)
class Results:
    client: str
    steps: Sequence[Step]
    seconds: float

    def list_failed(self) -> list[Step]:
        return [step for step in self.steps if step.error and (self.client, step.name) not in EXPECTED_FAILURES]


def main() -> int:
    """Return the exit status."""
    arguments = _parse_arguments()
    results = []
    with tempfile.TemporaryDirectory() as folder, _running_cloud(Path(folder)) as site:
        for name in arguments.clients or CLIENTS:
            start, steps = time.monotonic(), []
            for step in CLIENTS[name].run(_install(CLIENTS[name].environment), site):
                steps.append(step)
                if step.error:
                    sys.stdout.write(f"{name}: {step.name}: {step.error}\n")
            results.append(Results(name, steps, time.monotonic() - start))
            _save(results[-1])
            sys.stdout.write(f"{_summarize(results[-1])}\n")
            sys.stdout.flush()
    if arguments.page:
        PAGE.write_text(render_page(_load_last_results()))
    return 1 if any(result.list_failed() or not result.steps for result in results) else 0


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run other clients of OpenStack.")
    parser.add_argument("clients", nargs="*", metavar="CLIENT")
    parser.add_argument("--page", action="store_true", help="write docs/reference/clients.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.clients) - set(CLIENTS):
        parser.error(f"unknown client {', '.join(unknown)}; the clients are {', '.join(CLIENTS)}")
    return arguments


def _save(result: Results) -> None:
    """Keep the results of a client for the page."""
    (CACHE / "results").mkdir(parents=True, exist_ok=True)
    steps = [(step.name, step.error) for step in result.steps]
    (CACHE / "results" / f"{result.client}.json").write_text(json.dumps([steps, result.seconds]))


def _load_last_results() -> list[Results]:
    """Return the last results of each client that ran."""
    results = []
    for name in CLIENTS:
        path = CACHE / "results" / f"{name}.json"
        if path.exists():
            steps, seconds = json.loads(path.read_text())
            results.append(Results(name, [Step(*step) for step in steps], seconds))
    return results


def _install(name: str) -> Path:
    """Return the folder with the programs of an environment."""
    folder = CACHE / name
    installed = folder / "installed"
    packages = "\n".join(PACKAGES[name])
    if not installed.exists() or installed.read_text() != packages:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES[name]], check=True)
        installed.write_text(packages)
    return folder / "bin"


@contextmanager
def _running_cloud(folder: Path) -> Iterator[Site]:
    home, port = folder / "home", free_port()
    environment = clean_environment(STRATIFORM_PORT=str(port))
    with running([*PROGRAM, "up", "--home", str(home)], env=environment):
        wait_until(lambda: (home / "clouds.yaml").exists() and _is_ready(home), "Stratiform does not start")
        cloud = _connect(home)
        values = _create_resources(cloud)
        _create_files(folder)
        yield Site(folder, _client_environment(cloud, home, folder), values)


def _is_ready(home: Path) -> bool:
    try:
        cloud = _connect(home)
        return httpx.get(cloud.config.get_auth_args()["auth_url"]).is_success
    except (httpx.TransportError, openstack.exceptions.ConfigException):
        return False


def _connect(home: Path) -> Connection:
    config = openstack.config.OpenStackConfig(config_files=[str(home / "clouds.yaml")])
    return Connection(config=config.get_one("stratiform-admin"))


def _create_resources(cloud: Connection) -> dict[str, str]:
    """Create the networks, the security group and the volume that steps use. Return ids by the names in step files."""
    networks = {
        "public": cloud.network.create_network(name="public", is_router_external=True),
        "shared": cloud.network.create_network(name="shared", is_shared=True),
        "cnet": cloud.network.create_network(name="cnet"),
    }
    for name, cidr in (("public", "203.0.113.0/24"), ("shared", "10.44.0.0/24"), ("cnet", "10.77.0.0/24")):
        cloud.network.create_subnet(network_id=networks[name].id, name=name, cidr=cidr, ip_version=4)
    cloud.network.create_security_group(name="csg")
    return {
        "PROJECT": str(cloud.current_project_id),
        "DEMO": next(project.id for project in cloud.list_projects() if project.name == "demo"),
        "NET": networks["cnet"].id,
        "VOL": cloud.block_storage.create_volume(name="cvol", size=1).id,
    }


def _create_files(folder: Path) -> None:
    (folder / "img").write_bytes(bytes(2**20))
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")]
    subprocess.run(command, check=True)


def _client_environment(cloud: Connection, home: Path, folder: Path) -> dict[str, str]:
    auth = cloud.config.get_auth_args()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OS_", "ANSIBLE"))}
    return inherited | {
        **{f"OS_{name.upper()}": str(value) for name, value in auth.items() if value},
        "OS_REGION_NAME": "RegionOne",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_CLIENT_CONFIG_FILE": str(home / "clouds.yaml"),
        "WORK": str(folder),
        "HOME": str(folder),  # rally and ansible write there
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": "200",
        "LC_ALL": "C.UTF-8",
    }


def _run_shell(name: str) -> Callable[[Path, Site], Iterator[Step]]:
    """Return the function that runs a step file."""

    def run(binaries: Path, site: Site) -> Iterator[Step]:
        session = ShellSession(binaries, site.folder, site.environment, dict(site.values))
        return session.run_file(CALLS / f"{name}.txt")

    return run


def _run_calls(name: str) -> Callable[[Path, Site], Iterator[Step]]:
    """Return the function that runs a Python program with calls of a library."""

    def run(binaries: Path, site: Site) -> Iterator[Step]:
        command = [str(binaries / "python"), str(CALLS / f"{name}_calls.py")]
        with subprocess.Popen(command, env=dict(site.environment), stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                yield Step(*json.loads(line))
        if process.returncode:
            yield Step("the program ends", f"exit status {process.returncode}")

    return run


def _run_ansible(binaries: Path, site: Site) -> Iterator[Step]:
    environment = {
        **{name: value for name, value in site.environment.items() if not name.startswith("OS_")},
        "OS_CLIENT_CONFIG_FILE": site.environment["OS_CLIENT_CONFIG_FILE"],
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_PYTHON": str(binaries / "python"),
    }
    command = [str(binaries / "ansible-playbook"), "-i", "localhost,", str(CALLS / "ansible.yml")]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return iter(parse_ansible(process.stdout))


def parse_ansible(output: str) -> list[Step]:
    """Return the tasks of a run with the callback `ansible.posix.json`."""
    report = json.loads(output[output.index("{") :])
    steps = []
    for task in report["plays"][0]["tasks"]:
        result = task["hosts"]["localhost"]
        failed = result.get("failed") or result.get("failed_when_result")
        steps.append(Step(task["task"]["name"], str(result.get("msg") or "it changes something") if failed else ""))
    return steps


def _run_rally(binaries: Path, site: Site) -> Iterator[Step]:
    """Run each scenario twice as a user of a new project."""
    folder = site.folder / "rally"
    folder.mkdir()
    (folder / "rally.conf").write_text(f"[database]\nconnection = sqlite:///{folder}/rally.sqlite\n")
    names = ("username", "password", "project_name", "user_domain_name", "project_domain_name")
    admin = {name: site.environment[f"OS_{name.upper()}"] for name in names}
    platform = {"auth_url": site.environment["OS_AUTH_URL"], "region_name": "RegionOne", "admin": admin}
    (folder / "platform.json").write_text(json.dumps({"openstack": platform}))
    task = json.loads((CALLS / "rally.json").read_text().replace("IMAGE", str(site.folder / "img")))
    for workload in (workload for subtask in task["subtasks"] for workload in subtask["workloads"]):
        users = {"tenants": 1, "users_per_tenant": 1}
        workload["runner"] = {"constant": {"times": 2, "concurrency": 1}}
        workload["contexts"] = {"users": users, **workload.get("contexts", {})}
    (folder / "task.json").write_text(json.dumps(task))
    for arguments in (
        ["db", "create"],
        ["deployment", "create", "--name", "stratiform", "--filename", "platform.json"],
        ["task", "start", "task.json", "--deployment", "stratiform"],
        ["task", "report", "--json", "--out", "report.json"],
    ):
        command = [str(binaries / "rally"), "--config-file", "rally.conf", *arguments]
        environment = {**site.environment, "PATH": f"{binaries}:{site.environment['PATH']}"}
        with (folder / "log").open("a") as log:  # the exit status of `task start` is 2 if a scenario fails
            subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log, check=False)
    if not (folder / "report.json").exists():
        return iter([Step("rally task start", (folder / "log").read_text()[-400:])])
    return iter(parse_rally((folder / "report.json").read_text()))


def parse_rally(report: str) -> list[Step]:
    """Return the scenarios of a JSON report."""
    steps = []
    for subtask in json.loads(report)["tasks"][0]["subtasks"]:
        for workload in subtask["workloads"]:
            errors = [iteration["error"] for iteration in workload["data"] if iteration["error"]]
            error = " ".join(map(str, errors[0][:2])) if errors else ""
            if not workload["data"]:
                error = "no iteration ran"
            steps.append(Step(subtask["title"], error))
    return steps


CLIENTS: dict[str, Client] = {
    "libcloud": Client("apache-libcloud", "libraries", _run_calls("libcloud")),
    "ansible": Client("ansible", "ansible", _run_ansible),
    "nova": Client("python-novaclient", "libraries", _run_shell("nova")),
    "cinder": Client("python-cinderclient", "libraries", _run_shell("cinder")),
    "glance": Client("python-glanceclient", "libraries", _run_shell("glance")),
    "neutron": Client("python-neutronclient", "libraries", _run_calls("neutron")),
    "rally": Client("rally-openstack", "rally", _run_rally),
}


def _summarize(result: Results) -> str:
    failed = [step for step in result.steps if step.error]
    works = len(result.steps) - len(failed)
    expected = len(failed) - len(result.list_failed())
    return (
        f"{result.client}: {works} of {len(result.steps)} work, {len(result.list_failed())} fail, "
        f"{expected} fail as in OpenStack, {result.seconds:.0f} s"
    )


def render_page(results: Sequence[Results]) -> str:
    """Return docs/reference/clients.md."""
    rows, expected, failed = [], [], []
    for result in results:
        package = CLIENTS[result.client].package
        version = next(
            text.partition("==")[2]
            for packages in PACKAGES.values()
            for text in packages
            if text.startswith(f"{package}==")
        )
        works = sum(not step.error for step in result.steps)
        broken = result.list_failed()
        others = len(result.steps) - works - len(broken)
        rows.append(f"| {package} {version} | {len(result.steps)} | {works} | {len(broken)} | {others} |")
        failed += [f"- {package}, `{step.name}`: {step.error.splitlines()[-1][:200]}" for step in broken]
        expected += [
            f"- {package}, `{name}`: {reason}."
            for (client, name), reason in EXPECTED_FAILURES.items()
            if client == result.client
        ]
    return "\n".join(
        [
            "# Other clients of OpenStack",
            "",
            "<!-- Generated by `make clients PAGE=1`. -->",
            "",
            "Results of unmodified clients from the Python package index, run against a new installation with",
            "the simulated cloud. `make clients` repeats the run. The steps are in `tests/clients`; a step that",
            "waits for a status is one of them. `make client-commands` and `make tempest` do the same for the",
            "`openstack` client and for Tempest.",
            "",
            "| client | steps | work | fail | fail as in OpenStack |",
            "|---|---|---|---|---|",
            *rows,
            "",
            *(["## Fail", "", *failed, ""] if failed else []),
            *(["## Fail as in OpenStack", "", *expected, ""] if expected else []),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
