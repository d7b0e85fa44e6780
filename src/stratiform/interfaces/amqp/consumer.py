"""Hearing one bus for as long as is wanted, whatever becomes of its brokers."""

import logging
import threading
from dataclasses import dataclass, field
from itertools import cycle

from stratiform.interfaces.amqp.address import Address, Host
from stratiform.interfaces.amqp.connection import Line, connected
from stratiform.interfaces.amqp.inbox import Inbox
from stratiform.interfaces.amqp.queues import Wanted
from stratiform.kit.log import redact

logger = logging.getLogger(__name__)

_RETRY_S = 2.0


@dataclass(slots=True)
class Hearing:
    """Puts what comes into `inbox`. A message is acknowledged once it is stored, and only then."""

    address: Address
    wanted: Wanted
    inbox: Inbox
    prefetch: int
    _told: str = field(default="", init=False)

    def run(self, stop: threading.Event, settled: threading.Event) -> None:
        """Hear until `stop`, and then stay on the line until `settled`: what is being stored is acknowledged, too."""
        for number, host in enumerate(cycle(self.address.hosts), 1):
            self._hear(host, settled)
            if stop.is_set():
                return
            if number % len(self.address.hosts) == 0 and stop.wait(_RETRY_S):
                return

    def _hear(self, host: Host, settled: threading.Event) -> None:
        listening = False
        try:
            with connected(host, self.address, self.wanted, self.inbox.put) as line:
                line.hear(self.wanted, self.prefetch, self.address.options)
                logger.info("listening at %s", self.address)
                self._told, listening = "", True
                self._listen(line, settled)
        except Exception as error:  # broker and network refuse in many ways, and none of them is the end
            self._tell(error, lost=listening)
        finally:
            self.inbox.renew()

    def _listen(self, line: Line, settled: threading.Event) -> None:
        while True:
            over = settled.is_set()
            tag = self.inbox.stored()
            if tag is not None:
                line.acknowledge(tag)
            if over:
                return
            if self.inbox.full():
                settled.wait(0.05)
            else:
                line.listen()
            line.beat()

    def _tell(self, error: Exception, *, lost: bool) -> None:
        """Say what is wrong, once for as long as it is the same."""
        unreachable = isinstance(error, OSError)
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = redact(said.strip().partition("\n")[0]) or type(error).__name__
        what = "lost the line to" if lost else "no broker at" if unreachable else "can't listen at"
        if reason != self._told:
            logger.warning("%s %s: %s; trying again every %d s", what, self.address, reason, _RETRY_S)
            self._told = reason
