"""Texts of customers in CSV files."""

import csv
import io

import pytest

from stratiform.kit.csv_files import CsvWriter, neutralize

FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://evil.example","click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "=1+1",
    "-",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_are_texts(text: str) -> None:
    assert neutralize(text) == f"'{text}"


@pytest.mark.parametrize("value", ["", "web", "a=b", "1", "-1.5", "-2e-7", "2026-11-20T00:00:00Z", -1, 0, None, "'=1"])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert neutralize(value) == value


def test_rows_and_headers_of_a_file() -> None:
    writer = CsvWriter(["name", "=header"])
    writer.write([["=1+1", -1], ['a "quoted", text', None]])
    first = writer.take_bytes()
    writer.write([("@x", "-3")])
    rows = list(csv.reader(io.StringIO((first + writer.take_bytes()).decode(), newline="")))
    assert rows == [["name", "'=header"], ["'=1+1", "-1"], ['a "quoted", text', ""], ["'@x", "-3"]]
    assert writer.take_bytes() == b""
