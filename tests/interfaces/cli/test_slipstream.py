"""SlipStream's commands: options, output, failures."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.interfaces.cli.slipstream import commands
from stratiform.interfaces.cli.slipstream.interruption import Interruption, interruptible
from stratiform.interfaces.cli.slipstream.machines import FloatingIpRequest, Machine, MachineRequest
from stratiform.interfaces.cli.slipstream.options import PASSWORD_VARIABLE, parse_options
from stratiform.kit.errors import Conflict, Invalid, NotFound

ENVIRONMENT = {PASSWORD_VARIABLE: "hush", "SLIPSTREAM_NODE_INSTANCE_NAME": "web.1", "SLIPSTREAM_SSH_PUB_KEY": "ssh k\n"}

CLOUDSTACK = ("--endpoint", "https://cs/api", "--zone", "z1", "--username", "key")
RUN = (*CLOUDSTACK, "--image-id", "i1", "--instance-type", "Micro", "--platform", "linux", "--network-type", "Public")
OPENSTACK = ("--endpoint", "http://k:5000", "--project", "p", "--username", "u", "--region", "r")


class Machines:
    """A cloud whose machines have the states of `states`, one after the other."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.requests: list[MachineRequest] = []
        self.floating: list[FloatingIpRequest] = []
        self.deleted: list[str] = []

    def create(self, request: MachineRequest) -> Machine:
        self.requests.append(request)
        return Machine("m1", "Pending")

    def get(self, machine_id: str) -> Machine:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return Machine(machine_id, state, "10.0.0.5" if state == "Running" else "", fault="no host")

    def list(self) -> Iterator[Machine]:
        machine = Machine("m1", "Running", "10.0.0.5", "1", "512", "10", "Micro, old")
        return iter([machine, Machine("m2", "", instance_type="Small")])

    def associate_floating_ip(self, machine_id: str, request: FloatingIpRequest) -> str:
        self.floating.append(request)
        return "203.0.113.9"

    def delete(self, machine_id: str) -> None:
        if machine_id == "gone":
            raise NotFound("gone")
        if machine_id == "locked":
            raise Conflict("locked")
        self.deleted.append(machine_id)


def parse(cloud: str, action: str, *arguments: str, **environment: str) -> argparse.Namespace:
    return parse_options(cloud, action, arguments, ENVIRONMENT | environment)


def execute(action: str, machines: Machines, options: argparse.Namespace) -> list[str]:
    """Run a command with a clock that advances when the command sleeps."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds
        if now[0] >= options.timeout:
            raise Interruption("The command has timed out.")

    return list(commands.execute(action, machines, options, ENVIRONMENT, lambda: now[0], sleep))


def test_run_prints_id_and_address() -> None:
    machines = Machines("Pending", "Running")
    options = parse("cloudstack", "run", *RUN, "--disk", "20", "--security-groups", "default, web")
    assert execute("run", machines, options) == ["m1,10.0.0.5"]
    assert machines.requests == [
        MachineRequest("web.1", "i1", "Micro", disk_gib=20, public_key="ssh k", security_groups=("default", "web"))
    ]
    assert machines.deleted == []


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [("Error", Conflict, "Machine m1 failed: no host"), ("Pending", Interruption, "The command has timed out.")],
)
def test_machine_that_does_not_run_is_deleted(state: str, error: type[BaseException], message: str) -> None:
    machines = Machines(state)
    with pytest.raises(error, match=message):
        execute("run", machines, parse("cloudstack", "run", *RUN, "-t", "5"))
    assert machines.deleted == ["m1"]


def test_machine_without_an_address_is_deleted() -> None:
    class Unconnected(Machines):
        def get(self, machine_id: str) -> Machine:
            return Machine(machine_id, "Running")

    machines = Unconnected()
    with pytest.raises(Conflict, match="Machine m1 does not get an address"):
        execute("run", machines, parse("cloudstack", "run", *RUN))
    assert machines.deleted == ["m1"]


def test_machine_that_cannot_be_deleted_is_named() -> None:
    class Undeletable(Machines):
        def delete(self, machine_id: str) -> None:
            raise Conflict("locked")

    for state, reason in (("Error", "Machine m1 failed: no host"), ("Pending", "The command has timed out")):
        with pytest.raises(Conflict, match=f"{reason}; machine m1 was not deleted: locked"):
            execute("run", Undeletable(state), parse("cloudstack", "run", *RUN))


def test_timeout_ends_every_action(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Slow(Machines):
        def list(self) -> Iterator[Machine]:
            time.sleep(60)
            return iter(())

    monkeypatch.setattr(sys, "argv", ["cloudstack-describe-instances", *CLOUDSTACK, "-t", "1"])
    monkeypatch.setenv(PASSWORD_VARIABLE, "hush")
    monkeypatch.setattr(commands, "connect", lambda *_arguments: Slow())
    with pytest.raises(SystemExit) as status:
        commands.describe_cloudstack_instances()
    assert status.value.code == 2
    assert capsys.readouterr() == ("", "The command has timed out.\n")


def test_sigterm_is_raised_once() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interruption, match="The command was terminated"), interruptible(60):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # does not interrupt cleanup
    assert signal.getsignal(signal.SIGTERM) is before


def test_describe_prints_a_table() -> None:
    assert execute("describe", Machines(), parse("cloudstack", "describe", *CLOUDSTACK)) == [
        "id, state, ip, cpu [nb], ram [MB], root disk [GB], instance-type [name]",
        "m1, Running, 10.0.0.5, 1, 512, 10, Micro old",
        "m2, Unknown, , , , , Small",
    ]


def test_terminate_deletes_every_machine(tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_text("m3\n\ngone\n")
    machines = Machines()
    arguments = ("--instance-ids", "m1", "--instance-ids", "locked", "--instance-ids-file", str(file))
    with pytest.raises(Conflict, match="1 machines were not terminated: locked: locked"):
        execute("terminate", machines, parse("cloudstack", "terminate", *CLOUDSTACK, *arguments))
    assert machines.deleted == ["m1", "m3"]
    with pytest.raises(Invalid, match="Cannot read /nowhere"):
        execute("terminate", machines, parse("cloudstack", "terminate", *CLOUDSTACK, "--instance-ids-file", "/nowhere"))


@pytest.mark.parametrize(
    ("arguments", "networks", "floating"),
    [
        (("--network-type", "Public"), ("ext",), []),
        (("--network-type", "Private"), ("lan",), []),
        (("--network-type", "Private", "--use-floating-ips"), ("lan",), []),
        (("--network-type", "Public", "--use-floating-ips"), ("lan",), [FloatingIpRequest("ext", reuse=False)]),
        (("--use-floating-ips", "--reuse-floating-ips"), ("lan",), [FloatingIpRequest("ext", reuse=True)]),
    ],
)
def test_networks_of_openstack(
    arguments: tuple[str, ...], networks: tuple[str, ...], floating: list[FloatingIpRequest]
) -> None:
    machines = Machines("Running")
    names = ("--network-public", "ext", "--network-private", "lan", "--image-id", "i", "--instance-type", "t")
    (line,) = execute("run", machines, parse("openstack", "run", *OPENSTACK, *names, *arguments))
    assert line == ("m1,203.0.113.9" if floating else "m1,10.0.0.5")
    assert [request.networks for request in machines.requests] == [networks]
    assert machines.floating == floating


def test_password_on_the_command_line_is_refused() -> None:
    with pytest.raises(Invalid, match="must not be passed on the command line") as error:
        parse("cloudstack", "describe", *CLOUDSTACK, "--password", "hush")
    assert PASSWORD_VARIABLE in error.value.hint
    assert "hush" not in error.value.message


@pytest.mark.parametrize(
    ("cloud", "action", "arguments", "message"),
    [
        ("cloudstack", "run", CLOUDSTACK, "not provided: --image-id, --instance-type"),
        ("cloudstack", "describe", ("--username", "k"), "not provided: --zone, --endpoint"),
        ("openstack", "describe", ("--region", "r"), "not provided: --username, --project, --endpoint"),
        ("openstack", "describe", (*OPENSTACK, "--identity-version", "v2"), "invalid choice: 'v2'"),
        ("cloudstack", "run", (*RUN, "--disk", "1.5"), "'1.5' is not a number of GB"),
        ("cloudstack", "run", (*RUN, "--extra-disk-volatile", "10"), "--extra-disk-volatile is not supported"),
        ("cloudstack", "describe", (*CLOUDSTACK, "--colour", "red"), "unrecognized arguments: --colour"),
    ],
)
def test_invalid_options(cloud: str, action: str, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(Invalid) as error:
        parse(cloud, action, *arguments)
    assert message in error.value.message


def test_user_name_and_password_come_from_the_environment() -> None:
    arguments = CLOUDSTACK[:4]
    assert parse("cloudstack", "describe", *arguments, __SLIPSTREAM_CLOUD_USERNAME="k").username == "k"
    with pytest.raises(Invalid, match=f"{PASSWORD_VARIABLE} is not set"):
        parse_options("cloudstack", "describe", CLOUDSTACK, {})


def test_several_networks_of_cloudstack_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="a machine can have one network, not 2: a, b"):
        commands.connect("cloudstack", parse("cloudstack", "run", *RUN, "--networks", "a,b"), tmp_path)


def test_advanced_zone_requires_a_network(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="--networks is required"):
        commands.connect("cloudstack", parse("cloudstack", "run", *RUN, "--zone-type", "Advanced"), tmp_path)


def test_missing_connector_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="unknown kind of cloud: 'elsewhere'"):
        commands.connect("elsewhere", parse("cloudstack", "describe", *CLOUDSTACK), tmp_path)
