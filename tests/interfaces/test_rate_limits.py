"""Rate limits of users."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.http_settings import HttpSettings
from stratiform.interfaces.rate_limits import RateLimiter, RateLimitExceeded
from stratiform.kit.clock import SECOND_US
from support.callers import Callers, open_callers
from support.stacks import ServiceHarness

MINUTE_US = 60 * SECOND_US


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    with open_callers(service_harness) as callers:
        state: Any = callers.client.app
        state.state.http = HttpSettings(rate_limiter=RateLimiter(3, MINUTE_US))
        yield callers
        state.state.http = HttpSettings()


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/compute/v2.1/servers", {"overLimit": {"code": 429, "message": "TEXT", "retryAfter": "20"}}),
        ("/identity/v3/auth/projects", {"error": {"code": 429, "message": "TEXT", "title": "Too Many Requests"}}),
        ("/image/v2/images", {"code": "429 Too Many Requests", "message": "TEXT", "title": "Too Many Requests"}),
        (
            "/network/v2.0/networks",
            {"NeutronError": {"detail": "", "message": "TEXT", "type": "HTTPTooManyRequests"}},
        ),
    ],
)
def test_requests_above_the_limit_are_refused(api: Callers, path: str, error: dict[str, Any]) -> None:
    for _ in range(3):
        assert api.request("GET", path).status_code == 200
    refused = api.request("GET", path)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "20")
    assert json.loads(refused.text.replace("This request was rate-limited.", "TEXT")) == error
    assert api.request("GET", path, "blue").status_code == 200, "another user"
    api.harness.clock.advance(19 * SECOND_US)
    assert api.request("GET", path).status_code == 429
    api.harness.clock.advance(SECOND_US)
    assert [api.request("GET", path).status_code for _ in range(2)] == [200, 429]
    api.harness.clock.advance(10 * MINUTE_US)
    assert [api.request("GET", path).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_an_upload_counts_once(api: Callers) -> None:
    image = api.ok("POST", "/image/v2/images", json={"name": "i", "disk_format": "raw", "container_format": "bare"})
    headers = {"Content-Type": "application/octet-stream"}
    response = api.request("PUT", f"/image/v2/images/{image['id']}/file", content=b"x" * 20_000, headers=headers)
    assert response.status_code == 204, response.text
    assert api.request("GET", "/image/v2/images").status_code == 200
    assert api.request("GET", "/image/v2/images").status_code == 429


def test_users_without_recent_requests_are_dropped() -> None:
    limiter = RateLimiter(1, SECOND_US)
    for number in range(10_001):
        limiter.require(str(number), 0)
    limiter.require("new", 2 * SECOND_US)
    assert limiter._spread_until == {"new": 3 * SECOND_US}
    with pytest.raises(RateLimitExceeded) as error:
        limiter.require("new", 2 * SECOND_US)
    assert error.value.retry_after_s == 1
