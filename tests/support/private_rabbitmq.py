"""A RabbitMQ server for one test: a node with its own name, ports, directories and cookie, that can be killed."""

import importlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support import watchdog
from support.databases import require
from support.ports import free_port
from support.processes import WAIT_S, kill_tree, list_descendants, wait_until

amqp: Any = importlib.import_module("amqp")

#: Debian's `rabbitmq-server` on the PATH changes to a user and directories of its own; the original is here.
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")

_MEMORY = "512MB"

#: With these limits the broker does not block publishers on a small machine.
_SETTINGS = """\
listeners.tcp.1 = 127.0.0.1:{port}
vm_memory_high_watermark.absolute = {memory}
disk_free_limit.absolute = 8MB
log.console = true
log.console.level = warning
log.file = false
"""


class PrivateRabbitmq:
    """One node. `start` after `kill` or `stop` acts as an operator's supervisor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._epmd_port = str(free_port())
        self._node = f"private{self.port}@localhost"
        (folder / "rabbitmq.conf").write_text(_SETTINGS.format(port=self.port, memory=_MEMORY))
        (folder / "enabled_plugins").write_text("[].\n")
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(folder),  # the node creates its cookie there
            "ERL_EPMD_PORT": self._epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            watchdog.VARIABLE: os.environ.get(watchdog.VARIABLE, ""),
        }
        self._process: subprocess.Popen[bytes] | None = None
        # The node would start it as a daemon that outlives the node.
        self._epmd = subprocess.Popen(
            [str(shutil.which("epmd")), "-port", self._epmd_port, "-address", "127.0.0.1"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def url(self) -> str:
        """The transport URL of oslo.messaging, with durable queues and exchanges."""
        return f"rabbit://guest:guest@127.0.0.1:{self.port}/?amqp_durable_queues=true"

    @property
    def log(self) -> Path:
        return self._folder / "server.log"

    def start(self) -> None:
        """Start the node unless it runs, and wait until it accepts connections."""
        try:
            wait_until(self._accepts_connections, "RabbitMQ does not start")
        except AssertionError as error:
            error.add_note(self.log.read_text()[-2000:])
            raise

    def kill(self) -> None:
        """Kill the Erlang virtual machine and its helper processes with SIGKILL."""
        if self._process is not None:
            kill_tree(self._process)
            self._process = None

    def stop(self) -> None:
        """Shut down: write the queues to disk and close the connections."""
        if self._process is None:
            return
        for pid in list_descendants(self._process.pid):
            if _program_name(pid) == "beam.smp":
                os.kill(pid, signal.SIGTERM)
        self._process.wait(WAIT_S)
        self._process = None

    def close(self) -> None:
        self.kill()
        self._epmd.kill()
        self._epmd.wait()

    def queues(self) -> dict[str, tuple[int, int]]:
        """Return the numbers of ready and of unacknowledged messages by queue name."""
        names = ["name", "messages_ready", "messages_unacknowledged"]
        lines = self.control("list_queues", "--quiet", "--no-table-headers", *names).splitlines()
        rows = [line.split("\t") for line in lines]
        return {name: (int(ready), int(unacknowledged)) for name, ready, unacknowledged in rows}

    def set_memory_alarm(self) -> None:
        """Set the memory limit so low that the broker blocks publishers."""
        self.control("set_vm_memory_high_watermark", "0.000001")

    def clear_memory_alarm(self) -> None:
        self.control("set_vm_memory_high_watermark", "absolute", _MEMORY)

    def close_connections(self) -> None:
        self.control("close_all_connections", "test")

    def delete_queue(self, name: str) -> None:
        """Delete a queue if it exists."""
        with amqp.Connection(host=f"127.0.0.1:{self.port}", connect_timeout=30, read_timeout=60) as connection:
            connection.channel().queue_delete(name)

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl`, which takes a second, and return its output."""
        command = [str(_PROGRAMS / "rabbitmqctl"), "--node", self._node, *arguments]
        result = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(_PROGRAMS / "rabbitmq-server")],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _accepts_connections(self) -> bool:
        """Return True if the broker sends its greeting; an open port alone may belong to a node that shuts down."""
        if self._process is None or self._process.poll() is not None:
            self._launch()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return len(connection.recv(8)) > 0
        return False


def _program_name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@contextmanager
def private_rabbitmq(folder: Path) -> Iterator[PrivateRabbitmq]:
    """Run a broker in `folder`. Skips the test without RabbitMQ."""
    require("RabbitMQ's server program", (_PROGRAMS / "rabbitmq-server").exists() and shutil.which("epmd") is not None)
    broker = PrivateRabbitmq(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()
