"""Names as facts with a time, and attributes that describe the value of another one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.services.ledger.model import Correction, Resource, Segment, Statement
from stratiform.services.ledger.model.fold import fold_statements
from stratiform.services.ledger.model.name_timelines import NameTimeline, list_name_references, split_by_names

VOLUME = Resource("c", "volume", "v")
FAST, GOLD = Resource("c", "volume_type", "t1"), Resource("c", "volume_type", "t2")


def named(at: int, name: str | None, message_id: str = "") -> Statement:
    return Statement(at, message_id or f"m{at}", name=name)


def test_name_applies_from_its_statement_on_and_the_first_one_before() -> None:
    timeline = NameTimeline.from_statements([named(5, "b"), named(9, "b"), named(2, "a"), named(7, None)])
    assert timeline.names == ((2, "a"), (5, "b"))
    assert [timeline.get_name_at(at) for at in (0, 2, 4, 5, 100)] == ["a", "a", "a", "b", "b"]
    assert list(timeline.iterate_changes_between(0, None)) == [5]
    assert list(timeline.iterate_changes_between(5, None)) == list(timeline.iterate_changes_between(0, 5)) == []


def test_timeline_without_names() -> None:
    assert NameTimeline.from_statements([named(5, None)]).get_name_at(5) == ""


def test_later_message_counts_at_the_same_instant() -> None:
    assert NameTimeline.from_statements([named(5, "b", "2"), named(5, "a", "1")]).names == ((5, "b"),)


def test_revoked_correction_does_not_name() -> None:
    correction = Correction("me", "why", has_observation=True)
    revocation = Correction("me", "why", revokes="m5")
    statements = [named(2, "a"), Statement(5, "m5", name="b", correction=correction)]
    assert NameTimeline.from_statements(statements).names == ((2, "a"), (5, "b"))
    assert NameTimeline.from_statements([*statements, Statement(6, "m6", correction=revocation)]).names == ((2, "a"),)


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), unique_by=lambda each: each[0]), st.randoms())
def test_order_and_duplicates_do_not_matter(stated: list[tuple[int, str]], random: Any) -> None:
    statements = [named(at, name) for at, name in stated]
    shuffled = [*statements, *statements[:2]]
    random.shuffle(shuffled)
    timeline = NameTimeline.from_statements(shuffled)
    for moment in range(10):
        before = [name for at, name in sorted(stated) if at <= moment]
        after = [name for at, name in sorted(stated) if at > moment]
        assert timeline.get_name_at(moment) == (before[-1] if before else after[0] if after else "")


def segment(resource_type: str = "volume", end: int | None = None, **attributes: Any) -> Segment:
    return Segment("c", resource_type, "v", "p", 0, end, "available", attributes)


def resolve(of: Segment, timelines: dict[Resource, NameTimeline]) -> list[tuple[int, int | None, Any]]:
    pieces = split_by_names(of, list_name_references(of.cloud, of.resource_type, of.attributes), timelines)
    return [(part.start, part.end, part.attributes.get("volume_type_name")) for part in pieces]


@pytest.mark.parametrize("end", [None, 20])
def test_segment_is_split_where_the_name_changes(end: int | None) -> None:
    timelines = {FAST: NameTimeline(((-5, "a"), (10, "b"), (30, "c")))}
    expected: list[tuple[int, int | None, str]] = [(0, 10, "a"), (10, 20, "b")]
    if end is None:
        expected = [(0, 10, "a"), (10, 30, "b"), (30, None, "c")]
    assert resolve(segment(end=end, volume_type="t1"), timelines) == expected


def test_known_name_replaces_the_one_in_a_message_and_an_unknown_one_does_not() -> None:
    timelines = {FAST: NameTimeline(((0, "a"),))}
    assert resolve(segment(volume_type="t1", volume_type_name="old"), timelines) == [(0, None, "a")]
    assert resolve(segment(volume_type="t2", volume_type_name="old"), timelines) == [(0, None, "old")]
    assert resolve(segment(), timelines) == [(0, None, None)]


def test_name_of_a_flavor_in_messages_takes_precedence_because_its_id_may_be_used_again() -> None:
    for expected, attributes in (
        ([Resource("c", "image", "i")], {"flavor": "m1.small", "flavor_id": "2", "image_id": "i"}),
        ([Resource("c", "flavor", "2")], {"flavor_id": "2"}),
    ):
        assert [resource for _, resource in list_name_references("c", "instance", attributes)] == expected
    assert list_name_references("c", "instance", {"flavor_id": "2"}, ["image_name"]) == []


def volume(at: int, **attributes: Any) -> Statement:
    return Statement(at, f"m{at}", "p", launched_at=1, attributes=attributes)


def list_names(*statements: Statement) -> list[tuple[Any, Any]]:
    return [
        (each.attributes.get("volume_type"), each.attributes.get("volume_type_name"))
        for each in fold_statements(VOLUME, statements).segments
    ]


def test_name_does_not_outlive_the_id_that_it_describes() -> None:
    stated = volume(1, volume_type="t1", volume_type_name="fast")
    assert list_names(stated, volume(2, volume_type="t1"), volume(3, volume_type="t2")) == [
        ("t1", "fast"),
        ("t2", None),
    ]
    assert list_names(stated, volume(3, volume_type="t2", volume_type_name="gold")) == [("t1", "fast"), ("t2", "gold")]


def test_first_name_does_not_describe_an_earlier_id() -> None:
    later = volume(3, volume_type="t2", volume_type_name="gold")
    assert list_names(volume(1, volume_type="t1"), later) == [("t1", None), ("t2", "gold")]
    assert list_names(volume(1, volume_type="t2"), later) == [("t2", "gold")]
    assert list_names(volume(1, size_gib=1), later) == [("t2", "gold")]


def test_corrected_id_has_no_name_until_it_is_stated() -> None:
    stated = volume(1, volume_type="t1", volume_type_name="fast")
    correction = Correction("me", "why", since=5, attributes={"volume_type": "t2"})
    assert list_names(stated, Statement(9, "m9", correction=correction)) == [("t1", "fast"), ("t2", None)]
