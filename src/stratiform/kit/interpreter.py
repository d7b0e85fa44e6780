"""Tuning of the Python interpreter for long-running processes."""

import gc
import sys

#: A batch of messages is very many objects without reference cycles, and several batches are in progress. With Python's
#: default of a collection per 700 allocations, a fifth of the time of ingesting them is spent on collections; with
#: 50,000, a twentieth.
_ALLOCATIONS_PER_COLLECTION = 200_000

#: How long a thread that has received a response of the database or the broker waits for another one to stop. Python's
#: default of 5 ms is up to 100 ms per batch of messages, and per sign-in while other clients list servers.
_SWITCH_INTERVAL_S = 0.001


def pause_garbage_collector() -> None:
    """Stop collections while a program loads its modules: their objects are used until it ends."""
    gc.disable()


def tune_interpreter() -> None:
    """Exclude all current objects from collections, collect new ones less often, and switch threads more often."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(_ALLOCATIONS_PER_COLLECTION, 20, 20)
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
