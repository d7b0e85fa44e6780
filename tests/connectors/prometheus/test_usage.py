"""The Prometheus connector: exact samples, errors, settings."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from stratiform.connectors.prometheus import usage
from stratiform.connectors.prometheus.errors import translate_error
from stratiform.connectors.prometheus.settings import parse_settings
from stratiform.contract import errors
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import HOUR_US, MINUTE_US
from stratiform.kit.errors import Invalid
from support.prometheus import BEGIN, BUCKETS, MINUTES, bytes_sent, connect_prometheus

POLL = {"query": "bytes_sent_total", "resource_label": "bucket", "project_label": "project", "period_s": 60}


def list_samples(
    url: str, overrides: Mapping[str, object] = MappingProxyType({}), *, hours: float = 1
) -> list[UsageSample]:
    cloud = connect_prometheus(url)
    assert cloud.usage is not None
    return list(cloud.usage.list_samples({**POLL, **overrides}, BEGIN, BEGIN + int(hours * HOUR_US)))


def test_samples_of_a_counter_are_its_values(prometheus_url: str) -> None:
    samples = list_samples(prometheus_url, hours=MINUTES / 60)
    assert len(samples) == 2 * MINUTES
    by_minute = {
        (sample.resource_id, (sample.at - BEGIN) // MINUTE_US): (sample.value, sample.project_id) for sample in samples
    }
    assert by_minute == {
        (bucket, minute): (Decimal(bytes_sent(bucket, minute)), project)
        for bucket, project in zip(BUCKETS, ("p1", "p2"), strict=True)
        for minute in range(MINUTES)
    }


def test_long_interval_is_split_into_several_requests(prometheus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = list_samples(prometheus_url, hours=2)
    monkeypatch.setattr(usage, "_VALUES_PER_REQUEST", 7)
    assert set(list_samples(prometheus_url, hours=2)) == set(samples)


def test_values_that_are_not_finite_are_omitted(prometheus_url: str) -> None:
    samples = list_samples(prometheus_url, {"query": 'stored{bucket="bucket-1"}'}, hours=6 / 60)
    by_minute = {(sample.at - BEGIN) // MINUTE_US: sample.value for sample in samples}
    assert by_minute == {0: Decimal("1.5"), 4: Decimal("12345678901234567000"), 5: Decimal("0.1")}
    assert {sample.project_id for sample in samples} == {""}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"query": "sum("}, "parse error"),
        ({"query": "bytes_sent_total[5m]"}, "range vector"),
        ({"query": "vector(1)"}, "without the label 'bucket'"),
        ({"resource_label": "nope"}, "without the label 'nope'"),
        ({"query": "bytes_sent_total or stored"}, "returns two values for bucket-1 at the same time"),
    ],
)
def test_unusable_query_is_rejected(prometheus_url: str, overrides: dict[str, str], message: str) -> None:
    with pytest.raises(errors.RequestRejected, match=message):
        list_samples(prometheus_url, overrides)


def test_inventory_is_empty_and_identity_is_the_url(prometheus_url: str) -> None:
    cloud = connect_prometheus(prometheus_url)
    assert cloud.usage is not None
    assert list(cloud.usage.list_inventory()) == []
    assert cloud.check_credentials().identity == prometheus_url


def test_wrong_url_raises_an_error_with_a_hint(prometheus_url: str) -> None:
    with pytest.raises(errors.CloudUnreachable, match="does not respond"):
        connect_prometheus("http://127.0.0.1:1").check_credentials()
    with pytest.raises(errors.RequestRejected, match="check the setting 'url'"):
        connect_prometheus(f"{prometheus_url}/elsewhere").check_credentials()


@pytest.mark.parametrize(
    ("settings", "authorization"),
    [
        ({"token": "t-1"}, "Bearer t-1"),
        ({"username": "u", "password": "p"}, "Basic dTpw"),
        ({}, None),
    ],
)
def test_credentials_are_sent_in_the_authorization_header(settings: dict[str, str], authorization: str | None) -> None:
    requests: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "matrix", "result": []}})

    cloud = connect_prometheus("http://prometheus.example/below", **settings)
    cloud._client._http._transport = httpx.MockTransport(respond)
    cloud.check_credentials()
    assert requests[0].headers.get("Authorization") == authorization
    assert str(requests[0].url) == "http://prometheus.example/below/api/v1/query_range"


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"resultType": "matrix", "result": []}, "warnings": ["a store is unavailable"]},
        {"data": {"resultType": "vector", "result": []}},
        "<html>",
    ],
)
def test_incomplete_or_invalid_response_raises_cloud_unreachable(body: object) -> None:
    cloud = connect_prometheus("http://prometheus.example")
    cloud._client._http._transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with pytest.raises(errors.CloudUnreachable):
        cloud.check_credentials()


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (400, errors.RequestRejected),
        (401, errors.CredentialsRejected),
        (403, errors.CredentialsRejected),
        (422, errors.RequestRejected),
        (429, errors.CloudThrottled),
        (503, errors.CloudUnreachable),
    ],
)
def test_translate_error(status: int, error_type: type[errors.CloudError]) -> None:
    error = translate_error(status, b'{"status":"error","error":"too\\nmuch"}')
    assert type(error) is error_type
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"url": ""}, "setting 'url' is missing"),
        ({"url": "prometheus:9090"}, "must be an http:// or https:// URL"),
        ({"url": "http://u:p@prometheus"}, "must be a URL without a user name and password"),
        ({"color": "red"}, "unknown setting 'color'"),
        ({"token": "t", "username": "u", "password": "p"}, "mutually exclusive"),
        ({"username": "u"}, "must be set together"),
        ({"cacert": "/no/such/file"}, "not a file with CA certificates"),
    ],
)
def test_invalid_settings(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse_settings({"url": "http://prometheus:9090", **overrides})


def test_settings_have_no_secrets_in_their_repr(tmp_path: Path) -> None:
    settings = parse_settings({"url": "http://prometheus:9090", "username": "u", "password": "hidden-1"})
    assert "hidden-1" not in repr(settings)
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(Invalid, match="not a file with CA certificates"):
        connect_prometheus("https://prometheus:9090", cacert=str(tmp_path / "ca.pem"))
