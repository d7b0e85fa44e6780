"""Structs with extra attributes beside the declared ones."""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.endpoints.decoding import decode_body
from stratiform.interfaces.endpoints.extra_attributes import flatten_extra_attributes, is_extensible
from stratiform.kit.errors import Fault, Invalid


class Image(ExtensibleStruct, kw_only=True):
    id: str
    name: str | UnsetType = UNSET


class Images(Struct):
    images: list[Image]


class Plain(Struct):
    id: str


def invalid(field: str, value: str, reason: str) -> Fault:
    return Invalid(f"{field}|{value}|{reason}")


def decode(body: bytes, schema: Any) -> Any:
    return decode_body(body, schema, minor=0, lenient=False, invalid=invalid)


def test_extra_attributes_are_collected_at_any_depth() -> None:
    image = decode(b'{"id": "1", "os_distro": "debian", "depth": {"a": 1}}', Image)
    assert (image.id, image.name, image.extra) == ("1", UNSET, {"os_distro": "debian", "depth": {"a": 1}})
    named_like_fields = {"extra": "x", "*": "y"}
    assert decode(msgspec.json.encode({"id": "1", **named_like_fields}), Image).extra == named_like_fields
    images = decode(b'{"images": [{"id": "1", "a": "x"}, {"id": "2"}], "ignored": 1}', Images)
    assert [image.extra for image in images.images] == [{"a": "x"}, {}]


def test_extra_attributes_are_encoded_beside_the_declared_ones() -> None:
    images = Images([Image(id="1", name="a", extra={"os_distro": "debian", "id": "hidden"}), Image(id="2")])
    assert flatten_extra_attributes(images) == {
        "images": [{"os_distro": "debian", "id": "1", "name": "a"}, {"id": "2"}]
    }
    assert msgspec.json.decode(msgspec.json.encode(flatten_extra_attributes(images))) == flatten_extra_attributes(
        images
    )


def test_only_extensible_structs_are_flattened() -> None:
    assert is_extensible(Image)
    assert is_extensible(Images)
    assert is_extensible(list[Image])
    assert not is_extensible(Plain)
    assert not is_extensible(dict)
