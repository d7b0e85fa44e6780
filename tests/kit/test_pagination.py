"""Pagination of lists in memory, and of query parameters."""

import pytest

from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import MAX_LIMIT, Page, paginate_list


def test_page_starts_after_its_marker() -> None:
    first = paginate_list(["a", "b", "c"], Page(limit=2), key=str)
    assert (list(first.items), first.more) == (["a", "b"], True)
    second = paginate_list(["a", "b", "c"], Page(limit=2, marker="b"), key=str)
    assert (list(second.items), second.more) == (["c"], False)


def test_unknown_marker_is_invalid() -> None:
    with pytest.raises(Invalid, match=r"marker \[x\] not found"):
        paginate_list(["a"], Page(marker="x"), key=str)


def test_parse_limits_the_page_size() -> None:
    assert Page.parse(None, None) == Page.parse("", "") == Page(MAX_LIMIT, None)
    assert Page.parse("5", "m") == Page(5, "m")
    assert Page.parse("100000", None).limit == MAX_LIMIT


def test_limit_with_more_digits_than_any_number_is_reduced() -> None:
    assert Page.parse("9" * 5000, None).limit == Page.parse("0" * 30 + "9", None).limit == MAX_LIMIT


def test_empty_page_has_no_marker() -> None:
    assert paginate_list(["a", "b"], Page(limit=0), key=str).next_marker(str) is None
    assert paginate_list(["a", "b"], Page(limit=1), key=str).next_marker(str) == "a"
    assert paginate_list(["a", "b"], Page(limit=2), key=str).next_marker(str) is None


@pytest.mark.parametrize("limit", ["-1", "x", "1.5", " 1", "+1", "1_000", "٣"])
def test_invalid_limit(limit: str) -> None:
    with pytest.raises(Invalid, match="limit must be a non-negative integer"):
        Page.parse(limit, None)
