"""Format of times in responses."""

from stratiform.kit.clock import Micros, format_iso_naive


def format_naive_time(at: Micros | None) -> str | None:
    """Format a time without an offset, as Nova does for times of server actions and of launch and termination."""
    return None if at is None else format_iso_naive(at)
