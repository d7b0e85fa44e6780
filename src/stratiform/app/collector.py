"""The collector: hears the notifications of a real OpenStack and puts them into the ledger."""

import importlib
import logging
import threading
import warnings
from typing import Any

from stratiform.app.settings import Settings
from stratiform.faces.stack import Stack


def collect(settings: Settings, stack: Stack, stop: threading.Event) -> None:
    """Hear until `stop` is set. Keeps trying while the broker can't be reached. Raises Invalid for a bad URL."""
    _bus().listen(settings, stack, stop)


def _bus() -> Any:
    """The module that uses oslo.messaging, imported late and in a thread that nobody waits for.

    oslo.messaging brings eventlet along, which takes a second to import, tells everyone that it is old, and
    makes a second `threading` whose import leaves the thread it happens in "alive" for ever.
    """
    imported, over = [], threading.Event()

    def fetch() -> None:
        try:
            for noisy in ("oslo_service", "amqp"):
                logging.getLogger(noisy).setLevel(logging.ERROR)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
                imported.append(importlib.import_module("stratiform.app.bus"))
        finally:
            over.set()

    threading.Thread(target=fetch, name="collector-import", daemon=True).start()
    over.wait()
    return imported[0]
