"""Settings of the simulated cloud."""

import pytest

from stratiform.connectors.memory.settings import Behavior, parse_settings
from stratiform.kit.errors import Invalid


def test_defaults() -> None:
    settings = parse_settings({})
    assert settings.behavior == Behavior()
    assert settings.zones == ("zone-1",)


def test_values_override_defaults() -> None:
    settings = parse_settings({"latency_ms": "0", "lose_percent": "20", "zones": "a, b", "seed": "7", "password": "x"})
    assert (settings.behavior.latency_ms, settings.behavior.lose_percent) == (0, 20)
    assert settings.zones == ("a", "b")
    assert "password" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [("latency_ms", "soon"), ("latency_ms", "-1"), ("fail_percent", "101"), ("lose_percent", "1.5"), ("zones", " , ")],
)
def test_invalid_value_raises_invalid_with_the_setting(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name):
        parse_settings({name: value})


def test_unknown_names_are_invalid() -> None:
    with pytest.raises(Invalid, match="unknown setting 'no_such'"):
        parse_settings({"no_such": "1"})
    with pytest.raises(Invalid, match="unknown fault 'no_such'"):
        Behavior().replace({"no_such": 1})
