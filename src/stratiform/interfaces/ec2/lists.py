"""Lists: filters, requested identifiers and pages. Source: Amazon EC2 API reference, "Filter", "Pagination"."""

import base64
import binascii
import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from stratiform.interfaces.ec2.errors import Ec2Error, InvalidParameterValue
from stratiform.interfaces.ec2.parameters import Parameters
from stratiform.kit.pagination import Page, Slice

T = TypeVar("T")

_MIN_RESULTS, _MAX_RESULTS = 5, 1000

#: Returns the values of an item that a filter compares.
GetValues = Callable[[T], Iterable[object]]

#: Returns the tags of an item.
GetTags = Callable[[T], Mapping[str, str]]


def read_all(load_page: Callable[[Page], Slice[T]], get_id: Callable[[T], str]) -> list[T]:
    """Return the items of all pages."""
    items: list[T] = []
    marker: str | None = None
    while True:
        page = load_page(Page(marker=marker))
        items += page.items
        marker = page.next_marker(get_id)
        if marker is None:
            return items


def select_items(
    parameters: Parameters,
    items: Iterable[T],
    get_values: Mapping[str, GetValues[T]],
    get_tags: GetTags[T] | None = None,
) -> list[T]:
    """Return the items that match all filters: one of the values of each, in which `*` and `?` are wildcards.

    Raises: Ec2Error for an unknown filter.
    """
    selected = list(items)
    for members in parameters.list_structures("Filter"):
        name, patterns = members.require("Name"), members.list_values("Value")
        get = _find_getter(name, get_values, get_tags)
        expressions = [re.compile(_translate(pattern)) for pattern in patterns]
        selected = [item for item in selected if _matches(get(item), expressions)]
    return selected


def select_requested(
    items: Iterable[T], requested: Sequence[str], get_id: Callable[[T], str], code: str, describe: Callable[[str], str]
) -> list[T]:
    """Return the items with the requested ids, or all. Raises Ec2Error with `code` if one does not exist."""
    if not requested:
        return list(items)
    by_id = {get_id(item): item for item in items}
    missing = [describe(resource_id) for resource_id in requested if resource_id not in by_id]
    if missing:
        raise Ec2Error(code, f"The ID '{', '.join(missing)}' does not exist")
    return [by_id[resource_id] for resource_id in dict.fromkeys(requested)]


def paginate(parameters: Parameters, items: Sequence[T], get_id: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """Return the page for `MaxResults` and `NextToken`, and the token of the next page.

    Raises: Ec2Error for a number out of range, or a token of a page that does not exist.
    """
    start = _find_start(items, parameters.get("NextToken"), get_id)
    if not parameters.get("MaxResults"):
        return items[start:], None
    limit = parameters.get_number("MaxResults", _MAX_RESULTS)
    if not _MIN_RESULTS <= limit <= _MAX_RESULTS:
        raise InvalidParameterValue("MaxResults", str(limit))
    page = items[start : start + limit]
    has_more = start + limit < len(items)
    return page, base64.urlsafe_b64encode(get_id(page[-1]).encode()).decode() if has_more else None


def _find_start(items: Sequence[T], token: str, get_id: Callable[[T], str]) -> int:
    if not token:
        return 0
    try:
        marker = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError):
        marker = ""
    for index, item in enumerate(items):
        if get_id(item) == marker:
            return index + 1
    raise InvalidParameterValue("NextToken", token)


def _find_getter(name: str, get_values: Mapping[str, GetValues[T]], get_tags: GetTags[T] | None) -> GetValues[T]:
    if get_tags is not None:
        get = get_tags
        if name.startswith("tag:"):
            key = name.removeprefix("tag:")
            return lambda item: [get(item)[key]] if key in get(item) else []
        if name == "tag-key":
            return get
    if name not in get_values:
        raise Ec2Error("InvalidParameterValue", f"The filter '{name}' is invalid")
    return get_values[name]


def _translate(pattern: str) -> str:
    """Return a regular expression for a pattern; brackets are ordinary characters, unlike in `fnmatch`."""
    return fnmatch.translate(pattern.replace("[", "[[]"))


def _matches(values: Iterable[object], expressions: Sequence[re.Pattern[str]]) -> bool:
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return any(expression.match(text) for expression in expressions for text in texts)
