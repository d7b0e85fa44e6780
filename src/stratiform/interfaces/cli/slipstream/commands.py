"""The commands. Results go to standard output in SlipStream's format, errors to standard error with exit status 2."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from stratiform.interfaces.cli.slipstream.interruption import Interruption, interruptible
from stratiform.interfaces.cli.slipstream.machines import (
    FloatingIpRequest,
    Machine,
    MachineCloud,
    MachineRequest,
    discard,
)
from stratiform.interfaces.cli.slipstream.options import parse_options
from stratiform.kit.clock import SystemClock
from stratiform.kit.errors import Conflict, Fault, Invalid, NotFound
from stratiform.kit.ids import RandomIds

_HEADER = "id, state, ip, cpu [nb], ram [MB], root disk [GB], instance-type [name]"

_ERROR_CODE = 2

#: Variables that SlipStream's server sets.
_NAME_VARIABLE = "SLIPSTREAM_NODE_INSTANCE_NAME"
_KEY_VARIABLE = "SLIPSTREAM_SSH_PUB_KEY"

_POLL_S = 1.0

#: How long a running machine may be without an address: after that, it will not get one.
_ADDRESS_WAIT_S = 60

#: States of a machine that will not run.
_FAILED = ("Error", "Terminated")


def run_cloudstack_instance() -> None:
    _run_command("cloudstack", "run")


def describe_cloudstack_instances() -> None:
    _run_command("cloudstack", "describe")


def terminate_cloudstack_instances() -> None:
    _run_command("cloudstack", "terminate")


def run_openstack_instance() -> None:
    _run_command("openstack", "run")


def describe_openstack_instances() -> None:
    _run_command("openstack", "describe")


def terminate_openstack_instances() -> None:
    _run_command("openstack", "terminate")


def _run_command(cloud: str, action: str) -> None:
    """Run a command with the arguments and the environment of this process, and exit."""
    try:
        options = parse_options(cloud, action, sys.argv[1:], os.environ)
        with interruptible(options.timeout), TemporaryDirectory(prefix="slipstream") as home:
            machines = connect(cloud, options, Path(home))
            lines = list(execute(action, machines, options, os.environ, time.monotonic, time.sleep))
        print("\n".join(lines), end="\n" if lines else "")
    except Fault as error:
        print(f"{error.message}{f' ({error.hint})' if error.hint else ''}", file=sys.stderr)
        sys.exit(_ERROR_CODE)
    except Interruption as error:
        print(error, file=sys.stderr)
        sys.exit(_ERROR_CODE)


def connect(cloud: str, options: argparse.Namespace, home: Path) -> MachineCloud:
    """Return the cloud of the options, without sending a request."""
    if cloud == "openstack":
        from stratiform.interfaces.cli.slipstream.openstack_machines import OpenstackMachines, build_session

        url = options.endpoint.rstrip("/")
        auth = {
            "auth_url": url if url.endswith("/v3") else f"{url}/v3",
            "username": options.username,
            "password": options.password,
            "project_name": options.project,
            "user_domain_name": options.domain or "Default",
            "project_domain_name": options.domain or "Default",
        }
        return OpenstackMachines(build_session(auth), options.region, options.service_type)
    from stratiform.interfaces.cli.slipstream.connector_machines import ConnectorMachines

    settings = {
        "endpoint": options.endpoint,
        "zone": options.zone,
        "api_key": options.username,
        "secret_key": options.password,
    }
    networks = _split(getattr(options, "networks", ""))
    if not networks and getattr(options, "zone_type", "").lower() == "advanced":
        raise Invalid("--networks is required in a zone of the type Advanced")
    if len(networks) > 1:
        raise Invalid(f"a machine can have one network, not {len(networks)}: {', '.join(networks)}")
    if networks:
        settings["network"] = networks[0]
    return ConnectorMachines(cloud, settings, home, SystemClock(), RandomIds())


def execute(
    action: str,
    machines: MachineCloud,
    options: argparse.Namespace,
    environment: Mapping[str, str],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Iterable[str]:
    """Yield the lines of the output. Raises: Fault."""
    if action == "run":
        yield _run_instance(machines, options, environment, monotonic, sleep)
    elif action == "describe":
        yield _HEADER
        yield from map(_describe, machines.list())
    else:
        _terminate(machines, options)


def _run_instance(
    machines: MachineCloud,
    options: argparse.Namespace,
    environment: Mapping[str, str],
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> str:
    """Create a machine and return `id,ip` when it runs. A machine that does not run is deleted."""
    request = MachineRequest(
        name=environment.get(_NAME_VARIABLE) or "machine",
        image_id=options.image_id,
        instance_type=options.instance_type,
        disk_gib=options.disk,
        public_key=environment.get(_KEY_VARIABLE, "").strip(),
        security_groups=tuple(_split(options.security_groups)),
        networks=_choose_networks(options),
    )
    machine = machines.create(request)
    try:
        machine = _wait(machines, machine, monotonic, sleep)
        if getattr(options, "use_floating_ips", False) and _is_public(options):
            floating = FloatingIpRequest(options.network_public, options.reuse_floating_ips)
            return f"{machine.id},{machines.associate_floating_ip(machine.id, floating)}"
    except BaseException as error:  # also if the command is interrupted: SlipStream does not know the machine yet
        discard(machines, machine.id, error)
        raise
    return f"{machine.id},{machine.address}"


def _wait(
    machines: MachineCloud,
    machine: Machine,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Machine:
    """Return the machine when it runs and has an address. Raises: Conflict if it fails."""
    running_since: float | None = None
    while True:
        if machine.state in _FAILED:
            raise Conflict(f"Machine {machine.id} failed: {machine.fault or machine.state}")
        if machine.state == "Running" and machine.address:
            return machine
        if machine.state == "Running":
            running_since = monotonic() if running_since is None else running_since
            if monotonic() - running_since >= _ADDRESS_WAIT_S:
                raise Conflict(f"Machine {machine.id} does not get an address", hint="choose a network for it")
        sleep(_POLL_S)
        machine = machines.get(machine.id)


def _choose_networks(options: argparse.Namespace) -> tuple[str, ...]:
    """Return the network of an OpenStack machine; a floating IP is for a machine in the private network."""
    if not hasattr(options, "network_public"):
        return ()
    is_public = _is_public(options) and not options.use_floating_ips
    name = options.network_public if is_public else options.network_private
    return (name,) if name else ()


def _is_public(options: argparse.Namespace) -> bool:
    return str(options.network_type).lower() == "public"


def _describe(machine: Machine) -> str:
    """Return the row of a machine; commas separate its values, so they are removed from them."""
    values = (
        machine.id,
        machine.state or "Unknown",
        machine.address,
        machine.vcpus,
        machine.ram_mib,
        machine.disk_gib,
        machine.instance_type,
    )
    return ", ".join(value.replace(",", "") for value in values)


def _terminate(machines: MachineCloud, options: argparse.Namespace) -> None:
    """Delete all machines; those that do not exist are deleted already. Raises: Fault after trying all of them."""
    failures = []
    for machine_id in [*options.instance_ids, *_read_ids(options.instance_ids_file)]:
        try:
            machines.delete(machine_id)
        except NotFound:
            continue
        except Fault as error:
            failures.append(f"{machine_id}: {error.message}")
    if failures:
        raise Conflict(f"{len(failures)} machines were not terminated: {'; '.join(failures)}")


def _read_ids(file: str | None) -> list[str]:
    if not file:
        return []
    try:
        return [line.strip() for line in Path(file).read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"Cannot read {file}: {getattr(error, 'strerror', 'not a text file')}") from error


def _split(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
