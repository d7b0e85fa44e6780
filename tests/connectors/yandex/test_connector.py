"""The connector for Yandex Cloud: credentials, settings, endpoints, translation of errors."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from stratiform.connectors.yandex.connector import YandexCloud
from stratiform.connectors.yandex.errors import translate_http_status, translate_status
from stratiform.connectors.yandex.settings import (
    InstanceResources,
    ServiceAccountKey,
    parse_settings,
    resolve_resources,
)
from stratiform.contract import errors
from stratiform.contract.compute import ServerSize
from stratiform.kit.clock import HOUR_US, ManualClock
from stratiform.kit.errors import Invalid
from support.certificates import create_certificate
from support.yandex import YandexServer, build_settings, create_key_pair, yandex_server
from support.yandex.state import Abort, Fault, over_quota, throttled

SETTINGS = build_settings("http://127.0.0.1:1", create_key_pair()[0])
GIB = 1024**3


def test_check_credentials_returns_the_service_account_and_the_zones(yandex: YandexCloud) -> None:
    account = yandex.check_credentials()
    assert account.identity == "service account ajeaccount in folder production"
    assert account.zones == ("ru-central1-a", "ru-central1-b")


def test_zones_are_read_page_by_page(yandex_server: YandexServer, home: Path) -> None:
    yandex_server.state.page_size = 1
    assert len(yandex_server.connect(home).check_credentials().zones) == 2


def test_token_is_used_until_it_is_an_hour_old(yandex_server: YandexServer, home: Path) -> None:
    clock = ManualClock()
    cloud, requests = yandex_server.connect(home, clock=clock), yandex_server.state.requests
    for _ in range(3):
        cloud.check_credentials()
    assert requests.count("IamTokenService/Create") == 1
    clock.advance(HOUR_US)
    cloud.check_credentials()
    assert requests.count("IamTokenService/Create") == 2


def test_token_that_is_not_valid_any_longer_is_replaced(yandex_server: YandexServer, yandex: YandexCloud) -> None:
    yandex.check_credentials()
    yandex_server.state.tokens.clear()
    assert yandex.check_credentials().zones


def test_revoked_key_is_rejected_and_works_again_when_it_is_restored(
    yandex_server: YandexServer, yandex: YandexCloud
) -> None:
    yandex.check_credentials()
    yandex_server.state.is_revoked = True
    yandex_server.state.tokens.clear()
    with pytest.raises(errors.CredentialsRejected, match="rejected the service account key"):
        yandex.check_credentials()
    yandex_server.state.is_revoked = False
    yandex.check_credentials()


def test_key_and_token_are_not_in_errors(yandex_server: YandexServer, home: Path) -> None:
    key = json.loads(yandex_server.settings["service_account_key"])
    wrong = json.dumps({**key, "private_key": create_key_pair(1)[0]})
    with pytest.raises(errors.CredentialsRejected) as raised:
        yandex_server.connect(home, service_account_key=wrong).check_credentials()
    assert "PRIVATE KEY" not in str(raised.value)
    assert "Bearer" not in repr(raised.value.__cause__)


def test_folder_or_zone_that_does_not_exist_is_invalid(yandex_server: YandexServer, home: Path) -> None:
    with pytest.raises(Invalid, match="folder 'b1gother' not found"):
        yandex_server.connect(home, folder_id="b1gother").check_credentials()
    with pytest.raises(Invalid, match="availability zone 'ru-central9-x' not found") as raised:
        yandex_server.connect(home, zone="ru-central9-x").check_credentials()
    assert "ru-central1-b" in raised.value.hint


def test_endpoint_without_a_server_is_unreachable(yandex_server: YandexServer, home: Path) -> None:
    with pytest.raises(errors.CloudUnreachable):
        yandex_server.connect(home, endpoint="http://127.0.0.1:1").check_credentials()


def test_endpoint_that_does_not_list_a_service_is_unreachable(yandex_server: YandexServer, home: Path) -> None:
    yandex_server.endpoints.address = ""
    with pytest.raises(errors.CloudUnreachable):
        yandex_server.connect(home).check_credentials()


def test_requests_are_repeated_only_a_few_times(yandex_server: YandexServer, yandex: YandexCloud) -> None:
    fault = Fault("FolderService/Get", Abort(grpc.StatusCode.UNAVAILABLE, "no"), count=2)
    yandex_server.state.faults.append(fault)
    yandex.check_credentials()
    fault.count = 3
    with pytest.raises(errors.CloudUnreachable, match="Yandex Cloud: no"):
        yandex.check_credentials()
    assert fault.count == 0


@pytest.mark.parametrize("method", ["ApiEndpointService/List", "IamTokenService/Create", "FolderService/Get"])
def test_service_that_does_not_respond_is_unreachable(
    yandex_server: YandexServer, yandex: YandexCloud, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stratiform.connectors.yandex.client._TIMEOUT_S", 0.3)
    late = Fault(method, Abort(grpc.StatusCode.INTERNAL, "late"), count=9, delay_s=1)
    yandex_server.state.faults.append(late)
    with pytest.raises(errors.CloudUnreachable, match="Deadline Exceeded"):
        yandex.check_credentials()


def test_tls_with_an_own_authority(tmp_path: Path, home: Path) -> None:
    certificate = create_certificate(tmp_path)
    with yandex_server(certificate) as server:
        cloud = server.connect(home, cacert=str(certificate.authority))
        assert cloud.check_credentials().zones
        with pytest.raises(errors.CloudUnreachable):
            server.connect(home).check_credentials()


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"folder_id": ""}, "setting 'folder_id' is missing"),
        ({"color": "red"}, "unknown setting 'color'"),
        ({"endpoint": "ftp://x"}, "must be an http:// or https:// URL"),
        ({"endpoint": "http://api.cloud.example"}, "must be an https:// URL"),
        ({"endpoint": "https://169.254.169.254"}, "metadata service"),
        ({"cacert": "/no/such/file"}, "not a file with CA certificates"),
        ({"service_account_key": "no JSON, very-secret"}, "not an authorized key: not valid JSON"),
        ({"service_account_key": '{"id": "very-secret"}'}, "service_account_id"),
        ({"service_account_key": '{"id": "a", "service_account_id": "b", "private_key": "very-secret"}'}, "in PEM"),
    ],
)
def test_invalid_settings(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message) as raised:
        parse_settings({**SETTINGS, **overrides})
    assert "very-secret" not in str(raised.value)
    assert raised.value.__cause__ is None or "very-secret" not in str(raised.value.__cause__)


def test_private_key_that_is_not_a_key_is_invalid(yandex_server: YandexServer, home: Path) -> None:
    text = "-----BEGIN PRIVATE KEY-----\nvery-secret\n-----END PRIVATE KEY-----\n"
    key = json.dumps({"id": "a", "service_account_id": "b", "private_key": text})
    with pytest.raises(Invalid, match="no valid RSA private key") as raised:
        yandex_server.connect(home, service_account_key=key)
    assert "very-secret" not in str(raised.value)


def test_settings_have_no_secrets_in_their_repr() -> None:
    settings = parse_settings(SETTINGS)
    assert "PRIVATE KEY" not in repr(settings)
    assert "PRIVATE KEY" not in repr(settings.service_account_key)
    assert repr(ServiceAccountKey("a", "b", "c")) == "ServiceAccountKey(id='a', service_account_id='b')"


@pytest.mark.parametrize(
    ("size", "resources"),
    [
        (ServerSize(1, 512, 1), InstanceResources("standard-v3", 2, 100, 2 * GIB)),
        (ServerSize(2, 4097, 1), InstanceResources("standard-v3", 2, 100, 5 * GIB)),
        (ServerSize(3, 1024, 1), InstanceResources("standard-v3", 4, 100, 4 * GIB)),
        (ServerSize(2, 65536, 1), InstanceResources("standard-v3", 4, 100, 64 * GIB)),
        (ServerSize(1, 512, 1, "standard-v2/20"), InstanceResources("standard-v2", 2, 20, GIB)),
    ],
)
def test_resolve_resources_returns_the_smallest_that_fit(size: ServerSize, resources: InstanceResources) -> None:
    assert resolve_resources(size, "standard-v3") == resources


def test_native_type_of_resources() -> None:
    assert InstanceResources("standard-v2", 2, 20, GIB).native_type == "standard-v2/20"
    assert InstanceResources("standard-v2", 2, 100, GIB).native_type == "standard-v2"


@pytest.mark.parametrize("native_type", ["Standard", "standard-v3/0", "standard-v3/x", "a b"])
def test_invalid_native_type_is_rejected(native_type: str) -> None:
    with pytest.raises(errors.RequestRejected, match="invalid platform"):
        resolve_resources(ServerSize(1, 512, 1, native_type), "standard-v3")


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        (grpc.StatusCode.UNAUTHENTICATED, errors.CredentialsRejected),
        (grpc.StatusCode.PERMISSION_DENIED, errors.CredentialsRejected),
        (grpc.StatusCode.NOT_FOUND, errors.NativeNotFound),
        (grpc.StatusCode.INVALID_ARGUMENT, errors.RequestRejected),
        (grpc.StatusCode.FAILED_PRECONDITION, errors.RequestRejected),
        (grpc.StatusCode.OUT_OF_RANGE, errors.RequestRejected),
        (grpc.StatusCode.ALREADY_EXISTS, errors.RequestRejected),
        (grpc.StatusCode.UNAVAILABLE, errors.CloudUnreachable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, errors.CloudUnreachable),
        (grpc.StatusCode.INTERNAL, errors.CloudUnreachable),
        (grpc.StatusCode.ABORTED, errors.CloudUnreachable),
        (grpc.StatusCode.UNIMPLEMENTED, errors.NotSupported),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.InsufficientCapacity),
    ],
)
def test_translate_status_by_code(code: grpc.StatusCode, error_type: type[errors.CloudError]) -> None:
    error = translate_status(code.value[0], "because.\nmore")
    assert isinstance(error, error_type)
    assert error.message.endswith("because")


def test_every_status_is_an_error_of_the_contract() -> None:
    for code in grpc.StatusCode:
        assert isinstance(translate_status(code.value[0], ""), errors.CloudError)


@pytest.mark.parametrize(
    ("abort", "error_type"),
    [
        (over_quota("instances"), errors.InsufficientCapacity),
        (over_quota("active operations"), errors.CloudThrottled),
        (throttled(), errors.CloudThrottled),
    ],
)
def test_exhausted_resources_are_a_quota_or_a_rate(
    yandex_server: YandexServer, yandex: YandexCloud, abort: Abort, error_type: type[errors.CloudError]
) -> None:
    yandex_server.state.faults.append(Fault("FolderService/Get", abort, count=9))
    with pytest.raises(errors.CloudError) as raised:
        yandex.check_credentials()
    assert type(raised.value) is error_type


def test_quota_of_a_rate_is_no_request_rate() -> None:
    assert type(translate_status(8, "quota of the rate", is_quota=True)) is errors.InsufficientCapacity


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (401, errors.CredentialsRejected),
        (403, errors.CredentialsRejected),
        (404, errors.NativeNotFound),
        (400, errors.RequestRejected),
        (429, errors.CloudThrottled),
        (500, errors.CloudUnreachable),
        (501, errors.NotSupported),
        (503, errors.CloudUnreachable),
    ],
)
def test_translate_http_status(status: int, error_type: type[errors.CloudError]) -> None:
    assert isinstance(translate_http_status(status, "because"), error_type)


def test_getting_the_connector_does_not_import_the_sdk() -> None:
    program = (
        "import sys; from stratiform.contract.registry import get_connector; get_connector('yandex');"
        "sys.exit('grpc' in sys.modules or 'yandex' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
