"""Interruption of a command by its timeout or by SIGTERM."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_MESSAGES = {signal.SIGALRM: "The command has timed out.", signal.SIGTERM: "The command was terminated."}


class Interruption(BaseException):
    """Ends a command. Not an Exception, so that only cleanup handles it on its way."""


@contextmanager
def interruptible(timeout_s: int) -> Iterator[None]:
    """Raise Interruption in the block after `timeout_s` or on SIGTERM, at most once: cleanup is not interrupted."""
    previous = {number: signal.signal(number, _interrupt) for number in _MESSAGES}
    signal.alarm(timeout_s)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in _MESSAGES:
        signal.signal(each, signal.SIG_IGN)
    raise Interruption(_MESSAGES[signal.Signals(number)])
