"""Run the Tempest tests that the OpenStack interoperability guideline requires against a fresh Stratiform.

    python tools/tempest_suite.py [--page] [SERVICE | REGULAR EXPRESSION …]

Services: identity, image, compute, network, volume (default: all). Tempest is installed from the package index into
`.cache` and runs unmodified, with the configuration below. `--page` writes the results to docs/reference/tempest.md.
Exits with 1 if a test fails, is skipped or does not run, unless tests/tempest/decisions.tsv has the reason: lines
with the start of the names of tests, and the reason after a tab.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import openstack
from openstack.connection import Connection

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.ports import free_port  # noqa: E402 - see above
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

CACHE = ROOT / ".cache" / "tempest"
REQUIRED = ROOT / "tests" / "tempest"
DECISIONS = REQUIRED / "decisions.tsv"
PAGE = ROOT / "docs" / "reference" / "tempest.md"
VERSION = "47.0.0"

#: The version of the interoperability guideline whose required tests are listed in tests/tempest.
GUIDELINE = "2022.11"

SERVICES = ("identity", "image", "compute", "network", "volume")

#: Tempest's configuration: what a cloud without guests can do, and the features that required tests need.
OPTIONS: dict[str, dict[str, object]] = {
    "auth": {
        "use_dynamic_credentials": True,
        "create_isolated_networks": True,
        "admin_username": "admin",
        "admin_project_name": "admin",
        "admin_domain_name": "Default",
        "tempest_roles": "member",
    },
    "identity": {
        "region": "RegionOne",
        "user_lockout_failure_attempts": 2,
        "user_lockout_duration": 5,
        "user_unique_last_password_count": 2,
    },
    "identity-feature-enabled": {"security_compliance": True, "trust": False},
    "service_available": {"swift": False, "horizon": False},
    "compute": {"build_interval": 1, "min_microversion": "2.1", "max_microversion": "2.96", "min_compute_nodes": 1},
    "compute-feature-enabled": {
        "change_password": False,
        "cold_migration": False,
        "live_migration": False,
        "vnc_console": False,
        "rescue": True,
        "resize": True,
        "pause": True,
        "shelve": True,
        "snapshot": True,
        "suspend": True,
        "console_output": True,
        "volume_multiattach": True,
        "swap_volume": True,
    },
    "image": {"build_interval": 1},
    "image-feature-enabled": {"image_format_enforcement": False},
    "network": {
        "floating_network_name": "public",
        "project_network_cidr": "10.100.0.0/16",
        "project_network_mask_bits": 28,
        "build_interval": 1,
    },
    "network-feature-enabled": {"ipv6_subnet_attributes": True, "floating_ips": True, "port_security": True},
    "validation": {"run_validation": False},
    "volume": {
        "catalog_type": "block-storage",
        "build_interval": 1,
        "volume_size": 1,
        "max_microversion": "latest",
        "vendor_name": "Stratiform",
        "storage_protocol": "memory",
        "volume_type_multiattach": "multiattach",
    },
    "volume-feature-enabled": {
        "backup": True,
        "snapshot": True,
        "clone": True,
        "manage_volume": True,
        "manage_snapshot": True,
        "volume_revert": True,
        "extend_attached_volume": True,
    },
}

#: Settings of the installation that tests need.
SETTINGS: dict[str, str] = {
    "STRATIFORM_IMAGE_REQUIRE_FORMAT_MATCH": "false",  # the tests upload random bytes
    "STRATIFORM_ADMIN_PROJECT_NAME": "",  # Tempest's admins have projects of their own
    "STRATIFORM_LOCKOUT_FAILURE_ATTEMPTS": "2",
    "STRATIFORM_LOCKOUT_DURATION": "5",
    "STRATIFORM_UNIQUE_LAST_PASSWORD_COUNT": "2",
}

_RESULT = re.compile(
    r"^\{\d+\} (?P<test>\S+)(?: \((?P<case>[\w.]+)\))?(?: \[[\d.]+s\])? \.\.\. (?P<result>\w+)(?:: (?P<reason>.*))?"
)
_ID = re.compile(r"\[.*\]$")

_NOT_PASSED = ("The following required tests did not pass:", "", "| test | result |", "|---|---|")


@dataclass(frozen=True, slots=True)
class Results:
    """Results of one service: test ids without their tags, and the reasons of those that were skipped.

    `decided`: tests that do not pass by decision, with the reason.
    """

    service: str
    required: Sequence[str]
    passed: Sequence[str]
    failed: Sequence[str]
    skipped: Mapping[str, str]
    seconds: float
    decided: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """Required tests without a result, such as those of a class whose setup failed."""
        return sorted(set(self.required) - {*self.passed, *self.failed, *self.skipped, *self.decided})

    @property
    def is_complete(self) -> bool:
        return not (self.failed or self.skipped or self.missing)


def main() -> int:
    """Return the exit status."""
    arguments = _parse_arguments()
    binaries = _install()
    with tempfile.TemporaryDirectory() as folder, _running_cloud(Path(folder) / "home") as home:
        workspace = Path(folder) / "workspace"
        _write_configuration(binaries, workspace, home)
        results = [_run(binaries, workspace, what, arguments.concurrency) for what in arguments.what or SERVICES]
    _report(results)
    if arguments.page:
        PAGE.write_text(render_page(results))
    return 0 if all(result.is_complete for result in results) else 1


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the required Tempest tests.")
    parser.add_argument("what", nargs="*", metavar="SERVICE|REGEX")
    parser.add_argument("--page", action="store_true", help="write the results to docs/reference/tempest.md")
    parser.add_argument("--concurrency", type=int, default=2)
    return parser.parse_args()


def _install() -> Path:
    """Return the folder with the programs of Tempest's own environment."""
    binaries = CACHE / "environment" / "bin"
    if not (binaries / "tempest").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(binaries.parent)], check=True)
        packages = [f"tempest=={VERSION}", "setuptools<81"]
        subprocess.run([binaries / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
    return binaries


@contextmanager
def _running_cloud(home: Path) -> Iterator[Path]:
    environment = clean_environment(STRATIFORM_PORT=str(free_port()), **SETTINGS)
    with running([*PROGRAM, "up", "--home", str(home)], env=environment):
        wait_until(lambda: (home / "clouds.yaml").exists() and _is_ready(home), "Stratiform does not start")
        yield home


def _is_ready(home: Path) -> bool:
    try:
        return bool(_connect(home).authorize())
    except Exception:  # the client has many errors for a server that does not listen yet
        return False


def _connect(home: Path) -> Connection:
    config = openstack.config.OpenStackConfig(config_files=[str(home / "clouds.yaml")])
    return Connection(config=config.get_one("stratiform-admin"))


def _write_configuration(binaries: Path, workspace: Path, home: Path) -> None:
    """Create the images, flavors and the external network that the tests expect, and tempest.conf."""
    cloud = _connect(home)
    auth = cloud.config.get_auth_args()
    images = [_create_image(cloud, name) for name in ("tempest-1", "tempest-2")]
    flavors = [cloud.compute.create_flavor(name=f"tempest-{n}", vcpus=1, ram=64 * n, disk=n).id for n in (1, 2)]
    extra_specs = {"multiattach": "<is> True"}
    cloud.block_storage.create_type(name="multiattach", extra_specs=extra_specs)
    network = cloud.network.create_network(name="public", is_router_external=True, is_shared=True)
    cloud.network.create_subnet(
        network_id=network.id, name="public", cidr="203.0.113.0/24", ip_version=4, is_dhcp_enabled=False
    )
    registry = ["--workspace-path", str(workspace.parent / "workspaces.yaml")]  # the user's may have one of this name
    subprocess.run([binaries / "tempest", "init", *registry, str(workspace)], check=True, capture_output=True)
    options = {section: dict(values) for section, values in {"DEFAULT": {}, "oslo_concurrency": {}, **OPTIONS}.items()}
    options["DEFAULT"] = {"log_dir": workspace / "logs", "log_file": "tempest.log"}
    options["oslo_concurrency"] = {"lock_path": workspace / "lock"}
    options["auth"]["admin_password"] = auth["password"]
    options["identity"]["uri_v3"] = auth["auth_url"]
    options["compute"] |= {"image_ref": images[0], "image_ref_alt": images[1]}
    options["compute"] |= {"flavor_ref": flavors[0], "flavor_ref_alt": flavors[1]}
    options["network"]["public_network_id"] = network.id
    aliases = [extension.alias for extension in cloud.network.extensions()]
    options["network-feature-enabled"]["api_extensions"] = ",".join(aliases)
    (workspace / "etc" / "tempest.conf").write_text(_render_configuration(options))


def _create_image(cloud: Connection, name: str) -> str:
    image = cloud.image.create_image(
        name=name, data=bytes(2**20), disk_format="raw", container_format="bare", visibility="public", wait=True
    )
    return str(image.id)


def _render_configuration(options: Mapping[str, Mapping[str, object]]) -> str:
    lines = []
    for section, values in options.items():
        lines += [f"[{section}]", *(f"{name} = {value}" for name, value in values.items()), ""]
    return "\n".join(lines)


def _run(binaries: Path, workspace: Path, what: str, concurrency: int) -> Results:
    """Run the required tests of a service, or those that match a regular expression."""
    is_service = what in SERVICES
    selection = ["--load-list", str(REQUIRED / f"{what}.txt")] if is_service else ["--regex", what]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OS_"))}
    environment |= {"PYTHONWARNINGS": "ignore", "PATH": f"{binaries}:{environment['PATH']}"}
    command = [str(binaries / "tempest"), "run", "--concurrency", str(concurrency), *selection]
    start, lines = time.monotonic(), []
    with subprocess.Popen(command, cwd=workspace, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            lines.append(line)
            sys.stdout.write(line)
    required = (REQUIRED / f"{what}.txt").read_text().split() if is_service else []
    return _parse_results(what, [_ID.sub("", test) for test in required], lines, time.monotonic() - start)


def _parse_results(service: str, required: Sequence[str], lines: Sequence[str], seconds: float) -> Results:
    passed, failed, skipped, decided = [], [], {}, {}
    decisions = read_decisions()
    for match in filter(None, map(_RESULT.match, lines)):
        test = _ID.sub("", match["test"])
        if match["case"]:
            test = f"{match['case']}.{test}"
        if match["result"] == "ok":
            passed.append(test)
        elif reasons := [reason for start, reason in decisions.items() if test.startswith(start)]:
            decided[test] = reasons[0]
        elif match["result"] == "SKIPPED":
            skipped[test] = match["reason"] or ""
        else:
            failed.append(test)
    return Results(service, required, passed, failed, skipped, seconds, decided)


def read_decisions() -> dict[str, str]:
    """Return the reasons for tests that do not pass by decision, by the start of their names."""
    lines = DECISIONS.read_text().splitlines()
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


def _report(results: Sequence[Results]) -> None:
    for result in results:
        for test in (*result.failed, *result.missing):
            sys.stdout.write(f"not passed: {test}\n")
        for test, reason in result.skipped.items():
            sys.stdout.write(f"skipped: {test}: {reason}\n")
        for test, reason in result.decided.items():
            sys.stdout.write(f"decided: {test}: {reason}\n")
    for result in results:
        sys.stdout.write(
            f"{result.service}: {len(result.passed)} of {len(result.required) or len(result.passed)} passed, "
            f"{len(result.failed)} failed, {len(result.skipped)} skipped, {len(result.decided)} by decision, "
            f"{len(result.missing)} not run, {result.seconds:.0f} s\n"
        )


def render_page(results: Sequence[Results]) -> str:
    """Return docs/reference/tempest.md."""
    rows = [
        f"| {result.service} | {len(result.required)} | {len(result.passed)} | {len(result.failed)} "
        f"| {len(result.skipped)} | {len(result.missing)} | {result.seconds:.0f} |"
        for result in results
    ]
    others = [
        f"| `{test}` | {reason} |"
        for result in results
        for test, reason in [
            *((test, "failed") for test in result.failed),
            *((test, "not run") for test in result.missing),
            *((test, f"skipped: {reason}") for test, reason in result.skipped.items()),
            *((test, f"by decision: {reason}") for test, reason in result.decided.items()),
        ]
    ]
    return "\n".join(
        [
            "# Tempest",
            "",
            "<!-- Generated by `make tempest PAGE=1`. -->",
            "",
            f"This page lists the results of the tests of Tempest {VERSION} that the OpenStack Interoperability",
            f"Guideline {GUIDELINE} requires, run against a new installation with the simulated cloud.",
            "`make tempest` repeats the run.",
            "",
            "| API | required | passed | failed | skipped | not run | seconds |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            *([*_NOT_PASSED, *others, ""] if others else ["All required tests pass.", ""]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
