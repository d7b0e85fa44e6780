"""Microversions are negotiated as Nova and Cinder do."""

import pytest
from litestar.datastructures import Headers

from stratiform.interfaces.openstack.microversions import COMPUTE, VOLUME, Microversions, VersionNotSupported
from stratiform.kit.errors import Fault, Invalid
from support.callers import Callers, open_callers
from support.stacks import Bench

MODERN, LEGACY = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"


@pytest.mark.parametrize(
    ("spoken", "headers", "minor"),
    [
        (COMPUTE, {}, 1),
        (COMPUTE, {MODERN: "compute 2.26"}, 26),
        (COMPUTE, {MODERN: "Compute 2.26"}, 26),
        (COMPUTE, {MODERN: "volume 3.50, compute 2.90"}, 90),
        (COMPUTE, {MODERN: "volume 3.50"}, 1),
        (COMPUTE, {LEGACY: "2.10"}, 10),
        (COMPUTE, {MODERN: "compute latest"}, 90),
        (COMPUTE, {LEGACY: "2.10", MODERN: "compute 2.11"}, 11),
        (VOLUME, {}, 0),
        (VOLUME, {MODERN: "volume 3.50, compute 2.90"}, 50),
        (VOLUME, {MODERN: "volume latest"}, 60),
        (VOLUME, {LEGACY: "2.10"}, 0),
    ],
)
def test_what_is_asked_for(spoken: Microversions, headers: dict[str, str], minor: int) -> None:
    assert spoken.parse(Headers(headers)) == minor


@pytest.mark.parametrize("spoken", [COMPUTE, VOLUME])
@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ("2.91", VersionNotSupported),
        ("2.0", VersionNotSupported),
        ("3.61", VersionNotSupported),
        ("9.1", VersionNotSupported),
        ("two", Invalid),
        ("2", Invalid),
        ("", Invalid),
        ("2.٣", Invalid),
        (f"2.{'9' * 5000}", Invalid),
    ],
)
def test_what_is_refused(spoken: Microversions, asked: str, error: type[Fault]) -> None:
    with pytest.raises(error):
        spoken.parse(Headers({MODERN: f"{spoken.service} {asked}"}))


def test_the_answer_says_the_version(stack_bench: Bench) -> None:
    with open_callers(stack_bench) as api:
        asked = {MODERN: "compute 2.26, volume 3.7"}
        for path in ("/compute/v2.1/flavors", "/compute/v2.1/servers/none"):
            told = api.request("GET", path, headers=asked).headers
            assert (told[MODERN], told[LEGACY]) == ("compute 2.26", "2.26")
            assert told.get_list("vary") == [MODERN, LEGACY]
        told = api.request("GET", "/volume/v3/types", headers=asked).headers
        assert (told[MODERN], told.get_list("vary"), LEGACY in told) == ("volume 3.7", [MODERN], False)


def test_a_refusal_says_what_is_spoken(stack_bench: Bench) -> None:
    with open_callers(stack_bench) as api:
        _refused(api, "/compute/v2.1/flavors", "compute 2.91", "Minimum is 2.1 and maximum is 2.90.")
        _refused(api, "/volume/v3/types", "volume 3.61", "Minimum is 3.0 and maximum is 3.60.")


def _refused(api: Callers, path: str, asked: str, spoken: str) -> None:
    answer = api.request("GET", path, headers={MODERN: asked})
    told = f"Version {asked.split()[1]} is not supported by the API. {spoken}"
    assert (answer.status_code, answer.json()) == (406, {"computeFault": {"code": 406, "message": told}})
