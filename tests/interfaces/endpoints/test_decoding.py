"""Bodies and queries as structs, and the errors for wrong ones."""

from typing import Annotated

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.endpoints.decoding import decode_body, decode_query, split_action
from stratiform.interfaces.endpoints.field_restrictions import InvalidFieldFormat
from stratiform.kit.errors import Fault, Invalid


class Volume(Struct, forbid_unknown_fields=True):
    size: int | None = None
    name: Annotated[str, Meta(max_length=3)] = ""
    bootable: bool = False
    count: Annotated[int, Meta(ge=1)] = 1
    ratio: Annotated[float, Meta(gt=0)] = 1.0
    password: int = 0
    tags: Annotated[list[str] | UnsetType, Since(5)] = UNSET


class Request(Struct):
    volume: Volume


class Query(Struct):
    limit: int | None = None
    all_tenants: bool = False
    tags: list[str] | None = None
    locked: Annotated[bool | None, Since(5)] = None
    shared: list[bool] = []


def invalid(field: str, value: str, reason: str) -> Fault:
    return Invalid(f"{field}|{value}|{reason}")


def decode(body: bytes, *, minor: int = 9, lenient: bool = True) -> Volume:
    return decode_body(body, Request, minor=minor, lenient=lenient, invalid=invalid).volume


def test_a_lenient_body_has_numbers_and_booleans_as_strings() -> None:
    assert decode(b'{"volume": {"size": "3", "bootable": "true"}}') == Volume(3, bootable=True)
    with pytest.raises(Invalid, match=r"size\|3\|'3' is not of type 'integer', 'null'"):
        decode(b'{"volume": {"size": "3"}}', lenient=False)


@pytest.mark.parametrize("text", [" 3", "3 ", "+3", "1_0", "1e3", "1.0", "٣", "0x10", ""])
def test_numbers_in_strings_are_plain(text: str) -> None:
    for body in ({"size": text}, {"count": text}):
        with pytest.raises(Invalid, match="is not of type 'integer'"):
            decode(msgspec.json.encode({"volume": body}))
    with pytest.raises(Invalid, match="is not of type 'integer'"):
        decode_query([("limit", text)], Query, minor=9, invalid=invalid)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e3", " 1.5", "１.5"])
def test_floats_in_strings_are_plain(text: str) -> None:
    with pytest.raises(Invalid, match=r"is not of type 'number'|is less than"):
        decode(msgspec.json.encode({"volume": {"ratio": text}}))
    assert decode(b'{"volume": {"ratio": "1.5"}}').ratio == 1.5


def test_strings_stay_strings_in_a_lenient_body() -> None:
    assert decode(b'{"volume": {"size": "3", "name": "1e3"}}') == Volume(3, name="1e3")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The request body is not valid JSON."),
        (b'{"volume": {}} x', "The request body is not valid JSON."),
        (b"\xff", "The request body is not valid JSON."),
        (b"{}", "body|{}|'volume' is a required property"),
        (b'{"volume": {"colour": 1}}', "volume|{'colour': 1}|Additional properties are not allowed ('colour' was"),
        (b'{"volume": {"size": "x"}}', "size|x|'x' is not of type 'integer', 'null'"),
        (b'{"volume": {"name": "four"}}', "name|four|'four' is too long"),
        (b'{"volume": {"count": 0}}', "count|0|0 is less than the minimum of 1"),
        (b'{"volume": {"count": 9.5}}', "count|9.5|9.5 is not of type 'integer'"),
        (b'{"volume": {"ratio": 0}}', "ratio|0|0 is less than or equal to the minimum of 0"),
        (b"null", "body|None|None is not of type 'object'"),
        (b'{"volume": {"tags": ["a", 1]}}', "tags/1|1|1 is not of type 'string'"),
        (b'{"volume": {"password": "x"}}', "password|***|'***' is not of type 'integer'"),
    ],
)
def test_a_wrong_body_names_the_field_and_hides_secrets(body: bytes, message: str) -> None:
    with pytest.raises(Invalid) as error:
        decode(body)
    assert error.value.message.startswith(message)


def test_a_field_of_a_later_microversion_is_unexpected() -> None:
    body = b'{"volume": {"tags": ["a"]}}'
    assert decode(body, minor=5).tags == ["a"]
    with pytest.raises(Invalid, match=r"volume\|{...}\|.* \('tags' was unexpected\)"):
        decode(body, minor=4)


def test_the_key_of_an_action_is_in_errors() -> None:
    with pytest.raises(Invalid) as error:
        decode_body(b"{}", Request, minor=9, lenient=True, invalid=invalid, key="os-extend")
    assert error.value.message == "os-extend|{}|'volume' is a required property"


def test_booleans_in_a_list_of_query_values() -> None:
    query = decode_query([("shared", "yes"), ("shared", "False")], Query, minor=9, invalid=invalid)
    assert query.shared == [True, False]
    with pytest.raises(Invalid, match=r"shared\|maybe"):
        decode_query([("shared", "maybe")], Query, minor=9, invalid=invalid)


def test_the_last_value_of_a_query_parameter_counts_and_lists_collect() -> None:
    items = [("limit", "1"), ("limit", "2"), ("tags", "a"), ("tags", "b"), ("all_tenants", "Yes"), ("other", "x")]
    assert decode_query(items, Query, minor=9, invalid=invalid) == Query(2, True, ["a", "b"])
    assert decode_query([], Query, minor=9, invalid=invalid) == Query()


def test_a_query_parameter_of_a_later_microversion_is_ignored() -> None:
    items = [("locked", "true")]
    assert decode_query(items, Query, minor=5, invalid=invalid).locked is True
    assert decode_query(items, Query, minor=4, invalid=invalid).locked is None


def test_an_api_may_parse_booleans_in_its_own_way() -> None:
    def parse_flag(text: str, _name: str, _invalid: InvalidFieldFormat) -> bool:
        return text != "no"

    items = [("all_tenants", "")]
    assert decode_query(items, Query, minor=9, invalid=invalid, parse_flag=parse_flag).all_tenants


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (("limit", "x"), "limit|x|'x' is not of type 'integer'"),
        (("all_tenants", "maybe"), "all_tenants|maybe|'maybe' is not a boolean."),
    ],
)
def test_a_wrong_query_names_the_parameter(item: tuple[str, str], message: str) -> None:
    with pytest.raises(Invalid) as error:
        decode_query([item], Query, minor=9, invalid=invalid)
    assert error.value.message == message


def test_an_action_is_an_object() -> None:
    names, values = split_action(b'{"os-extend": {"new_size": 3}}')
    assert (names, bytes(values["os-extend"])) == (["os-extend"], b'{"new_size": 3}')
    with pytest.raises(Invalid):
        split_action(b"[]")
