"""What may be told, and what is said to what may not."""

import pytest

from stratiform.connectors.memory.settings import Behaviour, parse
from stratiform.kit.errors import Invalid


def test_everything_has_a_default() -> None:
    settings = parse({})
    assert settings.behaviour == Behaviour()
    assert settings.zones == ("zone-1",)


def test_what_is_told_counts() -> None:
    settings = parse({"latency_ms": "0", "lose_percent": "20", "zones": "a, b", "seed": "7", "password": "x"})
    assert (settings.behaviour.latency_ms, settings.behaviour.lose_percent) == (0, 20)
    assert settings.zones == ("a", "b")
    assert "password" not in repr(settings)


@pytest.mark.parametrize(
    ("key", "value"),
    [("latency_ms", "soon"), ("latency_ms", "-1"), ("fail_percent", "101"), ("lose_percent", "1.5"), ("zones", " , ")],
)
def test_nonsense_is_named(key: str, value: str) -> None:
    with pytest.raises(Invalid, match=key):
        parse({key: value})


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(Invalid, match="no_such"):
        Behaviour().changed({"no_such": 1})
