"""Run openstacksdk's own functional tests against a fresh Stratiform.

    python tools/sdk_suite.py [SERVICE …]

Services: identity, compute, block_storage, image, network (default: all). The tests are part of the package, and run
unmodified in an environment of their own in `.cache/sdk-tests`, with users, networks and an image as DevStack creates
them. Exits with 1 if a test fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import openstack
import yaml
from openstack.connection import Connection

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.ports import free_port  # noqa: E402 - see above
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

CACHE = ROOT / ".cache" / "sdk-tests"
PACKAGES = (
    "openstacksdk==4.22.0",
    "ddt",
    "fixtures",
    "oslotest",
    "prometheus-client",
    "pytest",
    "requests-mock",
    "statsd",
    "testtools",
)
SERVICES = ("identity", "compute", "block_storage", "image", "network")
IMAGE = "cirros-0.6-disk"


@dataclass(frozen=True, slots=True)
class Results:
    """Tests of one service; failed and skipped ones with their reasons."""

    service: str
    passed: int
    failed: dict[str, str]
    skipped: dict[str, str]


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description="Run openstacksdk's functional tests.")
    parser.add_argument("services", nargs="*", metavar="SERVICE")
    services: Sequence[str] = parser.parse_args().services or SERVICES
    python = _install()
    results = []
    with tempfile.TemporaryDirectory() as folder, _running_cloud(Path(folder)) as clouds:
        for service in services:
            results.append(_run(python, service, clouds, Path(folder) / f"{service}.xml"))
            _report(results[-1])
    return 1 if any(result.failed or not result.passed for result in results) else 0


def _install() -> Path:
    """Return the Python of the tests' environment."""
    environment = CACHE / "environment"
    python, installed = environment / "bin" / "python", CACHE / "installed"
    if not installed.exists() or installed.read_text() != "\n".join(PACKAGES):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        installed.write_text("\n".join(PACKAGES))
    return python


@contextmanager
def _running_cloud(folder: Path) -> Iterator[Path]:
    """Start Stratiform. Yield a clouds.yaml with DevStack's names of clouds."""
    home = folder / "home"
    settings = {"STRATIFORM_PORT": str(free_port())}
    with running([*PROGRAM, "up", "--home", str(home)], env=clean_environment(**settings)):
        wait_until(lambda: (home / "clouds.yaml").exists() and _is_ready(home), "Stratiform does not start")
        clouds = yaml.safe_load((home / "clouds.yaml").read_text())["clouds"]
        _create_resources(_connect(home))
        path = folder / "clouds.yaml"
        path.write_text(
            yaml.safe_dump({"clouds": _build_clouds(clouds["stratiform-admin"], clouds["stratiform-demo"])})
        )
        yield path


def _is_ready(home: Path) -> bool:
    try:
        return httpx.get(_connect(home).config.get_auth_args()["auth_url"]).is_success
    except (httpx.TransportError, openstack.exceptions.ConfigException):
        return False


def _connect(home: Path) -> Any:
    config = openstack.config.OpenStackConfig(config_files=[str(home / "clouds.yaml")])
    return Connection(config=config.get_one("stratiform-admin"))


def _create_resources(cloud: Any) -> None:
    """Create a second customer, an external and a shared network, and an image."""
    project = cloud.identity.create_project(name="alt", domain_id="default")
    user = cloud.identity.create_user(name="alt", password="alt-pass", domain_id="default")
    cloud.identity.assign_project_role_to_user(project, user, cloud.identity.find_role("member"))
    for name, cidr, options in (
        ("public", "203.0.113.0/24", {"is_router_external": True}),
        ("shared", "10.44.0.0/24", {"is_shared": True}),
    ):
        network = cloud.network.create_network(name=name, **options)
        cloud.network.create_subnet(network_id=network.id, name=f"{name}-subnet", cidr=cidr, ip_version=4)
    formats = {"disk_format": "raw", "container_format": "bare"}
    cloud.image.create_image(name=IMAGE, data=bytes(2**20), visibility="public", wait=True, **formats)


def _build_clouds(admin: dict[str, Any], demo: dict[str, Any]) -> dict[str, Any]:
    """Return the clouds by the names that the tests use."""
    alt = {**demo, "auth": {**demo["auth"], "username": "alt", "password": "alt-pass", "project_name": "alt"}}
    system_auth = {name: value for name, value in admin["auth"].items() if not name.startswith("project_")}
    system = {**admin, "auth": system_auth | {"system_scope": "all"}}
    return {"devstack": demo, "devstack-alt": alt, "devstack-admin": admin, "devstack-system-admin": system}


def _run(python: Path, service: str, clouds: Path, report: Path) -> Results:
    (tests,) = python.parent.parent.glob(f"lib/python*/site-packages/openstack/tests/functional/{service}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OS_"))} | {
        "OS_CLIENT_CONFIG_FILE": str(clouds),
        "OS_TEST_TIMEOUT": "300",
        "OPENSTACKSDK_FUNC_TEST_TIMEOUT": "120",
        "OPENSTACKSDK_IMAGE": IMAGE,
        "PYTHONWARNINGS": "ignore",
    }
    options = ["-q", "-p", "no:cacheprovider", f"--junitxml={report}", "-c", os.devnull, "--rootdir", str(tests)]
    subprocess.run([str(python), "-m", "pytest", *options, str(tests)], env=environment, check=False)
    return parse_report(service, report.read_text())


def parse_report(service: str, report: str) -> Results:
    """Return the results of a JUnit report."""
    passed, failed, skipped = 0, {}, {}
    for case in ElementTree.fromstring(report).iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        children = {child.tag: child.get("message") or "" for child in case}
        reason = children.get("failure", children.get("error"))
        if reason is not None:
            failed[name] = reason
        elif "skipped" in children:
            skipped[name] = children["skipped"]
        else:
            passed += 1
    return Results(service, passed, failed, skipped)


def _report(result: Results) -> None:
    for verdict, tests in (("failed", result.failed), ("skipped", result.skipped)):
        for test, reason in tests.items():
            sys.stdout.write(f"{verdict}: {test}: {' '.join(reason.split())[:300]}\n")
    sys.stdout.write(
        f"{result.service}: {result.passed} passed, {len(result.failed)} failed, {len(result.skipped)} skipped\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
