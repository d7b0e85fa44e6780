"""CSV files for spreadsheets, in which texts of customers are never formulas.

Source: RFC 4180; OWASP, "CSV Injection".
"""

import csv
import io
from collections.abc import Iterable, Sequence

from stratiform.kit.number_parsing import parse_scientific

#: A spreadsheet evaluates texts that begin with these, also after the control characters that it skips.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralize(value: object) -> object:
    """Return a value that a spreadsheet displays as it is: a text like a formula gets an apostrophe in front.

    Numbers stay as they are, also negative ones.
    """
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and parse_scientific(value) is None:
        return f"'{value}"
    return value


class CsvWriter:
    """Encodes rows as CSV with a header line. `None` is an empty field."""

    def __init__(self, header: Iterable[str]) -> None:
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)
        self.write([list(header)])

    def write(self, rows: Iterable[Sequence[object]]) -> None:
        """Append rows."""
        self._writer.writerows([neutralize(value) for value in row] for row in rows)

    def take_bytes(self) -> bytes:
        """Return what was written since the last call, in UTF-8."""
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()
