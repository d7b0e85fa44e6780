"""Negotiation of microversions, as in Nova and Cinder."""

import pytest
from litestar.datastructures import Headers

from stratiform.interfaces.openstack.microversions import COMPUTE, VOLUME, Microversions, VersionNotSupported
from stratiform.kit.errors import Fault, Invalid
from support.callers import Callers, open_callers
from support.stacks import ServiceHarness

MODERN, LEGACY = "OpenStack-API-Version", "X-OpenStack-Nova-API-Version"


@pytest.mark.parametrize(
    ("versions", "headers", "minor"),
    [
        (COMPUTE, {}, 1),
        (COMPUTE, {MODERN: "compute 2.26"}, 26),
        (COMPUTE, {MODERN: "Compute 2.26"}, 26),
        (COMPUTE, {MODERN: "volume 3.50, compute 2.90"}, 90),
        (COMPUTE, {MODERN: "volume 3.50"}, 1),
        (COMPUTE, {LEGACY: "2.10"}, 10),
        (COMPUTE, {MODERN: "compute latest"}, 96),
        (COMPUTE, {LEGACY: "2.10", MODERN: "compute 2.11"}, 11),
        (VOLUME, {}, 0),
        (VOLUME, {MODERN: "volume 3.50, compute 2.90"}, 50),
        (VOLUME, {MODERN: "volume latest"}, 71),
        (VOLUME, {LEGACY: "2.10"}, 0),
    ],
)
def test_requested_version(versions: Microversions, headers: dict[str, str], minor: int) -> None:
    assert versions.parse(Headers(headers)) == minor


@pytest.mark.parametrize("versions", [COMPUTE, VOLUME])
@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("2.97", VersionNotSupported),
        ("2.0", VersionNotSupported),
        ("3.72", VersionNotSupported),
        ("9.1", VersionNotSupported),
        ("two", Invalid),
        ("2", Invalid),
        ("", Invalid),
        ("2.٣", Invalid),
        (f"2.{'9' * 5000}", Invalid),
    ],
)
def test_unsupported_and_invalid_versions(versions: Microversions, version: str, error: type[Fault]) -> None:
    with pytest.raises(error):
        versions.parse(Headers({MODERN: f"{versions.service} {version}"}))


def test_responses_have_version_headers(service_harness: ServiceHarness) -> None:
    with open_callers(service_harness) as api:
        headers = {MODERN: "compute 2.26, volume 3.7"}
        for path in ("/compute/v2.1/flavors", "/compute/v2.1/servers/none"):
            response_headers = api.request("GET", path, headers=headers).headers
            assert (response_headers[MODERN], response_headers[LEGACY]) == ("compute 2.26", "2.26")
            assert response_headers.get_list("vary") == [MODERN, LEGACY]
        response_headers = api.request("GET", "/volume/v3/types", headers=headers).headers
        assert (response_headers[MODERN], response_headers.get_list("vary"), LEGACY in response_headers) == (
            "volume 3.7",
            [MODERN],
            False,
        )


def test_not_acceptable_names_the_supported_range(service_harness: ServiceHarness) -> None:
    with open_callers(service_harness) as api:
        _assert_not_acceptable(api, "/compute/v2.1/flavors", "compute 2.97", "Minimum is 2.1 and maximum is 2.96.")
        _assert_not_acceptable(api, "/volume/v3/types", "volume 3.72", "Minimum is 3.0 and maximum is 3.71.")


def _assert_not_acceptable(api: Callers, path: str, version: str, supported: str) -> None:
    response = api.request("GET", path, headers={MODERN: version})
    message = f"Version {version.split()[1]} is not supported by the API. {supported}"
    assert (response.status_code, response.json()) == (406, {"computeFault": {"code": 406, "message": message}})
