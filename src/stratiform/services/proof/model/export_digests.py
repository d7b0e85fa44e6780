"""The signed digest at the end of an export: all bytes before it, and the numbers of the events in it."""

import hashlib
import re
from array import array
from collections.abc import Iterable
from itertools import groupby, pairwise

from stratiform.kit.errors import Invalid
from stratiform.services.proof.model.export_lines import FORMAT

#: The first line of the note, which distinguishes it from a checkpoint.
_HEADING = f"stratiform usage export v{FORMAT}"

_RANGE = re.compile(r"(0|[1-9][0-9]{0,17})(?:-([1-9][0-9]{0,17}))?")


class ExportDigest:
    """The digest of the lines of an export; `str` is the text of the note."""

    def __init__(self, origin: str, size: int) -> None:
        self._log = f"{origin}\n{size}\n"
        self._sha256 = hashlib.sha256()
        self._indexes = array("q")

    def add(self, line: bytes, index: int | None = None) -> bytes:
        """Add a line, which is event `index` of the log if it is an event; return the line."""
        self._sha256.update(line)
        if index is not None:
            self._indexes.append(index)
        return line

    def __str__(self) -> str:
        return f"{_HEADING}\n{self._log}{_format_indexes(self._indexes)}\n{self._sha256.hexdigest()}\n"


def parse_digest(text: str, origin: str, size: int) -> tuple[set[int], str]:
    """Parse the text of a note; return the numbers of the events and the SHA-256 of the lines.

    Raises: Invalid, also for an export of another log or size.
    """
    heading = f"{_HEADING}\n{origin}\n{size}\n"
    lines = text.removeprefix(heading).split("\n")
    if not text.startswith(heading) or len(lines) != 3:
        raise Invalid("the signature belongs to another export")
    matches = [_RANGE.fullmatch(part) for part in lines[0].split(",") if part]
    ranges = [range(int(match[1]), int(match[2] or match[1]) + 1) for match in matches if match is not None]
    if len(ranges) != len(matches) or any(each.stop > size for each in ranges):
        raise Invalid("invalid numbers of events")
    return {index for each in ranges for index in each}, lines[1]


def format_missing_indexes(indexes: Iterable[int], size: int) -> str:
    """Return the numbers below `size` that are not in `indexes`, as ranges; "" if there are none."""
    bounds = [-1, *sorted(set(indexes)), size]
    return _format_ranges((before + 1, after - 1) for before, after in pairwise(bounds) if after - before > 1)


def _format_indexes(indexes: Iterable[int]) -> str:
    """Return sorted numbers as ranges: `0-5,7`."""
    runs = groupby(enumerate(sorted(set(indexes))), lambda pair: pair[1] - pair[0])
    return _format_ranges((run[0][1], run[-1][1]) for run in (list(group) for _, group in runs))


def _format_ranges(ranges: Iterable[tuple[int, int]]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
