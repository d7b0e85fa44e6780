"""Formatting and parsing of times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit import clock


@given(st.integers(0, 4_000_000_000_000_000))
def test_formatted_time_parses_to_the_same_time(us: int) -> None:
    assert clock.parse_iso(clock.format_iso(us)) == us
    assert clock.parse_iso(clock.format_iso_naive(us)) == us
    assert clock.parse_iso(clock.format_iso_seconds(us)) == us - us % clock.SECOND_US


@pytest.mark.parametrize("text", ["2026-11-20T13:11:22Z", "2026-11-20 14:11:22+01:00", "2026-11-20T13:11:22"])
def test_parse_iso_accepts_offsets_and_naive_times(text: str) -> None:
    assert clock.format_iso_seconds(clock.parse_iso(text)) == "2026-11-20T13:11:22Z"


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("0001-01-01", "0001-01-01T00:00:00.000000Z"),
        ("0999-12-31T23:59:59Z", "0999-12-31T23:59:59.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_years_have_four_digits(text: str, formatted: str) -> None:
    us = clock.parse_iso(text)
    assert clock.format_iso(us) == formatted
    assert clock.format_iso_naive(us) == formatted[:-1]
    assert clock.format_iso_seconds(us) == f"{formatted[:19]}Z"


LOOSE = ["2026-11-20x10:00", "20261120T100000", "2026-W47-5", "2026W475", "٢٠٢٦-11-20", " 2026-11-20", "2026-11-20\n"]


@pytest.mark.parametrize(
    "text",
    [
        *LOOSE,
        "",
        "yesterday",
        "2026",
        "2026-11",
        "1-01-01",
        "2026-11-20T",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_parse_iso_rejects_other_texts_and_years(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse_iso(text)
