"""What a real Prometheus says, to the digit; and how it is told when it says no."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import httpx
import pytest

from stratiform.connectors.prometheus import usage
from stratiform.connectors.prometheus.errors import told
from stratiform.connectors.prometheus.settings import parse
from stratiform.contract import errors
from stratiform.contract.usage import UsageSample
from stratiform.kit.clock import HOUR_US, MINUTE_US
from stratiform.kit.errors import Invalid
from support.prometheus import BEGIN, BUCKETS, MINUTES, connect_prometheus, sent

ASKED = {"query": "bytes_sent_total", "resource_label": "bucket", "project_label": "project", "period_s": 60}


def read(url: str, asked: Mapping[str, object] = MappingProxyType({}), *, hours: float = 1) -> list[UsageSample]:
    cloud = connect_prometheus(url).usage
    assert cloud is not None
    return list(cloud.readings({**ASKED, **asked}, BEGIN, BEGIN + int(hours * HOUR_US)))


def test_a_counter_comes_as_it_is(prometheus_url: str) -> None:
    readings = read(prometheus_url, hours=MINUTES / 60)
    assert len(readings) == 2 * MINUTES
    found = {(one.resource_id, (one.at - BEGIN) // MINUTE_US): (one.value, one.project_id) for one in readings}
    assert found == {
        (bucket, minute): (Decimal(sent(bucket, minute)), project)
        for bucket, project in zip(BUCKETS, ("p1", "p2"), strict=True)
        for minute in range(MINUTES)
    }


def test_a_long_time_is_read_in_pieces(prometheus_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(prometheus_url, hours=2)
    monkeypatch.setattr(usage, "_VALUES", 7)
    assert set(read(prometheus_url, hours=2)) == set(whole)


def test_what_is_no_number_is_left_out_and_large_ones_keep_their_digits(prometheus_url: str) -> None:
    readings = read(prometheus_url, {"query": 'stored{bucket="bucket-1"}'}, hours=6 / 60)
    minutes = {(one.at - BEGIN) // MINUTE_US: one.value for one in readings}
    assert minutes == {0: Decimal("1.5"), 4: Decimal("12345678901234567000"), 5: Decimal("0.1")}
    assert {one.project_id for one in readings} == {""}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"query": "sum("}, "parse error"),
        ({"query": "bytes_sent_total[5m]"}, "range vector"),
        ({"query": "vector(1)"}, "without the label 'bucket'"),
        ({"resource_label": "nope"}, "without the label 'nope'"),
        ({"query": "bytes_sent_total or stored"}, "two values of bucket-1 at once"),
    ],
)
def test_a_query_that_gives_no_readings_is_refused(prometheus_url: str, asked: dict[str, str], message: str) -> None:
    with pytest.raises(errors.RequestRejected, match=message):
        read(prometheus_url, asked)


def test_it_has_no_inventory_and_says_where_it_is(prometheus_url: str) -> None:
    cloud = connect_prometheus(prometheus_url)
    assert cloud.usage is not None
    assert list(cloud.usage.inventory()) == []
    assert cloud.check().identity == prometheus_url


def test_nobody_there_is_unreachable_and_another_page_is_refused(prometheus_url: str) -> None:
    with pytest.raises(errors.CloudUnreachable, match="no answer"):
        connect_prometheus("http://127.0.0.1:1").check()
    with pytest.raises(errors.RequestRejected, match="is the setting 'url' Prometheus' own"):
        connect_prometheus(f"{prometheus_url}/elsewhere").check()


@pytest.mark.parametrize(
    ("settings", "sent_header"),
    [
        ({"token": "t-1"}, "Bearer t-1"),
        ({"username": "u", "password": "p"}, "Basic dTpw"),
        ({}, None),
    ],
)
def test_credentials_are_sent(settings: dict[str, str], sent_header: str | None) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "matrix", "result": []}})

    cloud = connect_prometheus("http://prometheus.example/below", **settings)
    cloud._client._http._transport = httpx.MockTransport(answer)
    cloud.check()
    assert seen[0].headers.get("Authorization") == sent_header
    assert str(seen[0].url) == "http://prometheus.example/below/api/v1/query_range"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"data": {"resultType": "matrix", "result": []}, "warnings": ["a store is gone"]}, errors.CloudUnreachable),
        ({"data": {"resultType": "vector", "result": []}}, errors.CloudUnreachable),
        ("<html>", errors.CloudUnreachable),
    ],
)
def test_an_answer_that_is_not_whole_is_none(body: object, kind: type[errors.CloudError]) -> None:
    cloud = connect_prometheus("http://prometheus.example")
    cloud._client._http._transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with pytest.raises(kind):
        cloud.check()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RequestRejected),
        (401, errors.CredentialsRejected),
        (403, errors.CredentialsRejected),
        (422, errors.RequestRejected),
        (429, errors.CloudThrottled),
        (503, errors.CloudUnreachable),
    ],
)
def test_statuses_as_errors(status: int, kind: type[errors.CloudError]) -> None:
    said = told(status, b'{"status":"error","error":"too\\nmuch"}')
    assert type(said) is kind
    assert "\n" not in said.message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"url": ""}, "needs the setting 'url'"),
        ({"url": "prometheus:9090"}, "must be a URL"),
        ({"url": "http://u:p@prometheus"}, "must be a URL"),
        ({"colour": "red"}, "no setting 'colour'"),
        ({"token": "t", "username": "u", "password": "p"}, "exclude each other"),
        ({"username": "u"}, "belong together"),
        ({"cacert": "/no/such/file"}, "names no file"),
    ],
)
def test_settings_that_are_wrong_are_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse({"url": "http://prometheus:9090", **changed})


def test_settings_show_no_secret(tmp_path: Path) -> None:
    known = parse({"url": "http://prometheus:9090", "username": "u", "password": "hidden-1"})
    assert "hidden-1" not in repr(known)
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(Invalid, match="without certificates"):
        connect_prometheus("https://prometheus:9090", cacert=str(tmp_path / "ca.pem"))
