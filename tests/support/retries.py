"""Requests that are repeated, as the error `Unavailable` hints: on a busy machine, a lock may take too long."""

import time
from collections.abc import Callable
from typing import TypeVar

from stratiform.kit.errors import Unavailable
from support.processes import WAIT_S

T = TypeVar("T")


def repeat_while_unavailable(operation: Callable[[], T]) -> T:
    """Return the result of `operation`. Raises its errors, and Unavailable after `WAIT_S`."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return operation()
        except Unavailable:
            if time.monotonic() > deadline:
                raise
