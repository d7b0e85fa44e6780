"""Signed digests of exports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit.errors import Invalid
from stratiform.services.proof.model.export_digests import ExportDigest, parse_digest


@given(st.sets(st.integers(0, 3000)))
def test_a_digest_has_the_numbers_of_the_events(indexes: set[int]) -> None:
    digest = ExportDigest("a", 3001)
    for index in sorted(indexes, reverse=True):
        digest.add(b"x", index)
    assert parse_digest(str(digest), "a", 3001)[0] == indexes
    for origin, size in (("b", 3001), ("a", 3002)):
        with pytest.raises(Invalid):
            parse_digest(str(digest), origin, size)


@pytest.mark.parametrize("ranges", ["1-", "x", "1,,2-1x", "0-5", "01"])
def test_a_malformed_digest_is_invalid(ranges: str) -> None:
    with pytest.raises(Invalid):
        parse_digest(f"stratiform usage export v1\na\n5\n{ranges}\nhash\n", "a", 5)
