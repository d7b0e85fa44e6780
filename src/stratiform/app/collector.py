"""The collector: hears the notifications of a real OpenStack and puts them into the ledger."""

import threading
import warnings

from stratiform.app.settings import Settings
from stratiform.faces.stack import Stack


def collect(settings: Settings, stack: Stack, stop: threading.Event) -> None:
    """Hear until `stop` is set. Keeps trying while the broker can't be reached. Raises Invalid for a bad URL."""
    with warnings.catch_warnings():
        # What oslo.messaging brings along imports eventlet, and eventlet tells everyone that it is old.
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
        from stratiform.app.bus import listen
    listen(settings, stack, stop)
