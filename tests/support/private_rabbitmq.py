"""A RabbitMQ of a test's own: a node with its own name, ports, folders and cookie, that may be killed at will."""

import importlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support.databases import require
from support.processes import children, end_all
from support.programs import free_port

amqp: Any = importlib.import_module("amqp")

_PATIENCE_S = 90

#: Debian's `rabbitmq-server` in the path changes to a user and folders of its own; the real one is here.
_PROGRAMS = Path("/usr/lib/rabbitmq/bin")

_MEMORY = "512MB"

#: A small machine is to be no reason for the broker to hold up who publishes.
_SETTINGS = """\
listeners.tcp.1 = 127.0.0.1:{port}
vm_memory_high_watermark.absolute = {memory}
disk_free_limit.absolute = 8MB
log.console = true
log.console.level = warning
log.file = false
"""


class PrivateRabbitmq:
    """One node. `start` after `kill` or `stop` is what an operator's supervisor does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = int(free_port())
        self._epmd_port = free_port()
        self._node = f"private{self.port}@localhost"
        (folder / "rabbitmq.conf").write_text(_SETTINGS.format(port=self.port, memory=_MEMORY))
        (folder / "enabled_plugins").write_text("[].\n")
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": str(folder),  # the cookie is made there
            "ERL_EPMD_PORT": self._epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": free_port(),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        self._process: subprocess.Popen[bytes] | None = None
        # Started by the node itself it would be nobody's child, and would stay.
        self._epmd = subprocess.Popen(
            [str(shutil.which("epmd")), "-port", self._epmd_port, "-address", "127.0.0.1"],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def url(self) -> str:
        """For a collector: oslo.messaging's, with queues and exchanges that outlive the broker."""
        return f"rabbit://guest:guest@127.0.0.1:{self.port}/?amqp_durable_queues=true"

    @property
    def log(self) -> Path:
        return self._folder / "server.log"

    def start(self) -> None:
        """Start it if it doesn't run, and wait until it takes connections."""
        until = time.monotonic() + _PATIENCE_S
        while not self._answers():
            if self._process is None or self._process.poll() is not None:
                self._launch()
            assert time.monotonic() < until, f"RabbitMQ does not start: {self.log.read_text()[-2000:]}"
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9 of the Erlang machine and of what belongs to it."""
        if self._process is None:
            return
        end_all([*children(self._process.pid), self._process.pid])
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """The orderly end: queues are written down, connections are closed with a word of farewell."""
        if self._process is None:
            return
        for pid in children(self._process.pid):
            if _name(pid) == "beam.smp":
                os.kill(pid, signal.SIGTERM)
        self._process.wait(_PATIENCE_S)
        self._process = None

    def close(self) -> None:
        self.kill()
        self._epmd.kill()
        self._epmd.wait()

    def queues(self) -> dict[str, tuple[int, int]]:
        """Of each queue, how many messages wait in it and how many are handed out and not acknowledged."""
        names = ["name", "messages_ready", "messages_unacknowledged"]
        lines = self.control("list_queues", "--quiet", "--no-table-headers", *names).splitlines()
        rows = [line.split("\t") for line in lines]
        return {name: (int(ready), int(handed_out)) for name, ready, handed_out in rows}

    def alarm(self) -> None:
        """Make it believe that memory runs out: it takes no message any more from whoever publishes."""
        self.control("set_vm_memory_high_watermark", "0.000001")

    def calm(self) -> None:
        """The end of the alarm."""
        self.control("set_vm_memory_high_watermark", "absolute", _MEMORY)

    def cut(self) -> None:
        """Break off all connections."""
        self.control("close_all_connections", "cut")

    def delete_queue(self, name: str) -> None:
        """Whether there is one or not."""
        with amqp.Connection(host=f"127.0.0.1:{self.port}", connect_timeout=5, read_timeout=10) as connection:
            connection.channel().queue_delete(name)

    def control(self, *line: str) -> str:
        """What `rabbitmqctl` answers. It takes a second."""
        command = [str(_PROGRAMS / "rabbitmqctl"), "--node", self._node, *line]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

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

    def _answers(self) -> bool:
        """Whether it greets: a port that is open alone may be one that is about to close."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=3) as asking:
            asking.sendall(b"AMQP\x00\x00\x09\x01")
            return len(asking.recv(8)) > 0
        return False


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


@contextmanager
def private_rabbitmq(folder: Path) -> Iterator[PrivateRabbitmq]:
    """A running one that lives in `folder`. Skips where it isn't installed."""
    require("RabbitMQ's server program", (_PROGRAMS / "rabbitmq-server").exists() and shutil.which("epmd") is not None)
    made = PrivateRabbitmq(folder)
    try:
        made.start()
        yield made
    finally:
        made.close()
