"""Items of lists, whose JSON is built and encoded once."""

from collections.abc import Callable, Hashable

import msgspec

from stratiform.interfaces.endpoints.field_restrictions import unset_restricted_fields
from stratiform.interfaces.endpoints.request import ViewContext

#: Number of items at which all are forgotten.
_MAX_ITEMS = 4_000


class EncodedItems:
    """JSON by all that it is computed from, so it is never out of date.

    A key may have the `id()` of shared records: their entry keeps them, so that no other object gets the same.
    """

    def __init__(self) -> None:
        self._items: dict[Hashable, tuple[object, msgspec.Raw]] = {}

    def encode(
        self, key: Hashable, records: object, build: Callable[[], msgspec.Struct], view: ViewContext
    ) -> msgspec.Raw:
        """Return the JSON of the struct that `build` returns, with the fields that this caller sees."""
        item = self._items.get((key, view))
        if item is None:
            struct = build()
            unset_restricted_fields(struct, view.microversion, is_admin=view.is_admin)
            item = (records, msgspec.Raw(msgspec.json.encode(struct)))
            if len(self._items) >= _MAX_ITEMS:
                self._items.clear()
            self._items[key, view] = item
        return item[1]


def encode_list(name: str, items: list[msgspec.Raw], links: object) -> bytes:
    """Return the JSON of a response with one list and the links of its page; UNSET for none."""
    page = {name: items} if links is msgspec.UNSET else {name: items, f"{name}_links": links}
    return msgspec.json.encode(page)
