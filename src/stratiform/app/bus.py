"""Hearing notifications on a message bus, by oslo.messaging. Imported where it is needed only: it is large.

A message is acknowledged only after the transaction that stores it is committed, so a killed collector, a
database that is gone or a full disk lose nothing: the broker gives it again, and the ledger takes it once.
"""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import kombu.serialization
import oslo_messaging
from oslo_config import cfg

from stratiform.app.settings import Settings
from stratiform.faces.stack import Stack
from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.log import hide_secrets

logger = logging.getLogger(__name__)

#: So many messages are one transaction; fewer, where no more come within a second.
_BATCH = 250
_BATCH_WAIT_S = 1

_RETRY_S = 2.0
_STOP_S = 10.0
_AMQP_PORT = 5672


def listen(settings: Settings, stack: Stack, stop: threading.Event) -> None:
    """Hear until `stop` is set. Keeps trying while the broker can't be reached. Raises Invalid for a bad URL."""
    url = _parsed(settings.collector_url)
    targets = [
        oslo_messaging.Target(exchange=exchange, topic=topic)
        for exchange in settings.collector_exchanges
        for topic in settings.collector_topics
    ]
    told = ""
    while not stop.is_set():
        if not _reachable(url, stop):
            return
        try:
            with _listening(url, targets, settings.collector_pool, _Endpoint(settings, stack, stop), stop):
                stop.wait()
        except Exception as error:  # the broker's refusals are of many libraries' kinds
            reason = _one_line(error)
            if reason != told:
                logger.warning("can't listen at %s: %s; trying again every %d s", _shown(url), reason, _RETRY_S)
                told = reason
            stop.wait(_RETRY_S)


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What oslo.messaging calls with a batch."""

    settings: Settings
    stack: Stack
    stop: threading.Event

    def info(self, messages: list[dict[str, Any]]) -> str:
        """Answers HANDLED only after the commit; else the broker is to give the messages again."""
        try:
            with self.stack.database.transaction() as db:
                bodies = [message["payload"]["body"] for message in messages]
                self.stack.metering.ingest_messages(db, self.settings.collector_cloud, bodies, self.stack.clock.now())
        except Fault as error:
            logger.warning("%d notifications stay with the broker for now: %s", len(messages), error.message)
        except Exception:
            logger.exception("%d notifications stay with the broker for now", len(messages))
        else:
            return str(oslo_messaging.NotificationResult.HANDLED)
        self.stop.wait(_RETRY_S)
        return str(oslo_messaging.NotificationResult.REQUEUE)

    #: One queue has them all, whatever their priority; these names make it bound to each.
    warn = info
    error = info


def _as_came(body: bytes | str) -> dict[str, Any]:
    """A notification that holds the message as it came, for oslo.messaging to hand on."""
    return {"priority": "info", "payload": {"body": body if isinstance(body, bytes) else body.encode()}}


# oslo.messaging itself drops what is no envelope or of an unknown priority, and neither takes nor acknowledges
# what looks like a repetition. So it is given nothing to judge: the ledger reads the message as it came.
_register: Callable[..., None] = kombu.serialization.register
_register("json", json.dumps, _as_came, "application/json", "utf-8")


@contextmanager
def _listening(
    url: oslo_messaging.TransportURL,
    targets: list[oslo_messaging.Target],
    pool: str,
    endpoint: _Endpoint,
    stop: threading.Event,
) -> Iterator[None]:
    transport = oslo_messaging.get_notification_transport(url.conf, url)
    listener = oslo_messaging.get_batch_notification_listener(
        transport,
        targets,
        [endpoint],
        allow_requeue=True,
        pool=pool or None,
        batch_size=_BATCH,
        batch_timeout=_BATCH_WAIT_S,
    )
    try:
        if _aside(lambda: listener.start(override_pool_size=1), stop=stop):
            logger.info("listening at %s", _shown(url))
        yield
    finally:
        _aside(lambda: _end(listener, transport), limit_s=_STOP_S)


def _end(listener: Any, transport: Any) -> None:
    listener.stop()
    listener.wait()
    transport.cleanup()


def _aside(work: Callable[[], None], *, stop: threading.Event | None = None, limit_s: float | None = None) -> bool:
    """Do what may wait for a broker without end in a thread of its own; whether it was done before `stop` or the
    limit. Raises what it raises."""
    raised: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run, name="collector-broker", daemon=True)
    thread.start()
    if limit_s is not None:
        thread.join(limit_s)
    else:
        while thread.is_alive() and not (stop and stop.is_set()):
            thread.join(0.1)
    if raised:
        raise raised[0]
    return not thread.is_alive()


def _parsed(text: str) -> oslo_messaging.TransportURL:
    """Options of oslo.messaging may stand in the query of the URL, such as `?amqp_durable_queues=true`."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    try:
        url = oslo_messaging.TransportURL.parse(conf, text)
        known = url.transport == "rabbit"
    except (oslo_messaging.MessagingException, ValueError) as error:
        raise Invalid("collector_url is not understood", hint="rabbit://USER:PASSWORD@HOST:5672/") from error
    if not known or not url.hosts:
        raise Invalid("collector_url names no broker", hint="rabbit://USER:PASSWORD@HOST:5672/")
    # Without a limit the broker sends all that it has, and all of it would be in memory.
    url.query.setdefault("rabbit_qos_prefetch_count", str(_BATCH))
    return url


def _reachable(url: oslo_messaging.TransportURL, stop: threading.Event) -> bool:
    """Wait until one of the hosts takes a connection; oslo.messaging itself would wait and not hear `stop`."""
    told = False
    while not stop.is_set():
        reason = ""
        for host in url.hosts:
            try:
                socket.create_connection((host.hostname, host.port or _AMQP_PORT), timeout=3).close()
            except OSError as error:
                reason = error.strerror or str(error)
            else:
                return True
        if not told:
            logger.warning("no broker at %s: %s; trying again every %d s", _shown(url), reason, _RETRY_S)
            told = True
        stop.wait(_RETRY_S)
    return False


def _shown(url: oslo_messaging.TransportURL) -> str:
    hosts = ",".join(f"{host.hostname}:{host.port or _AMQP_PORT}" for host in url.hosts)
    return f"{url.transport}://{hosts}/{url.virtual_host or ''}"


def _one_line(error: Exception) -> str:
    return hide_secrets(str(error).strip().partition("\n")[0]) or type(error).__name__
