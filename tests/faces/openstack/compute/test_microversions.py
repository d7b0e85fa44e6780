"""Microversions are negotiated as Nova does."""

import pytest

from stratiform.faces.openstack.compute.microversions import UnknownVersionError, negotiate
from support.nova import Nova

MODERN, LEGACY = b"openstack-api-version", b"x-openstack-nova-api-version"


@pytest.mark.parametrize(
    ("headers", "minor"),
    [
        ([], 1),
        ([(MODERN, b"compute 2.26")], 26),
        ([(MODERN, b"volume 3.50, compute 2.90")], 90),
        ([(MODERN, b"volume 3.50")], 1),
        ([(LEGACY, b"2.10")], 10),
        ([(MODERN, b"compute latest")], 90),
        ([(LEGACY, b"2.10"), (MODERN, b"compute 2.11")], 11),
    ],
)
def test_what_is_asked_for(headers: list[tuple[bytes, bytes]], minor: int) -> None:
    assert negotiate(headers) == minor


@pytest.mark.parametrize(
    ("asked", "status"), [(b"2.91", 406), (b"2.0", 406), (b"3.1", 406), (b"two", 400), (b"2", 400)]
)
def test_what_is_refused(asked: bytes, status: int) -> None:
    with pytest.raises(UnknownVersionError) as refused:
        negotiate([(MODERN, b"compute " + asked)])
    assert refused.value.status == status


def test_the_answer_says_the_version(nova: Nova) -> None:
    answer = nova("GET", "/flavors", at=26)
    assert answer.headers["OpenStack-API-Version"] == "compute 2.26"
    assert answer.headers["X-OpenStack-Nova-API-Version"] == "2.26"
    assert answer.headers.get_list("vary") == ["OpenStack-API-Version", "X-OpenStack-Nova-API-Version"]
    assert nova("GET", "/servers/none", at=26).headers["OpenStack-API-Version"] == "compute 2.26"
    refused = nova("GET", "/flavors", at=91)
    assert refused.status_code == 406
    told = "Version 2.91 is not supported by the API. Minimum is 2.1 and maximum is 2.90."
    assert refused.json() == {"computeFault": {"code": 406, "message": told}}
