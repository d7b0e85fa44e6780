"""The OpenStack connector: credentials, settings, translation of errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratiform.connectors.openstack.errors import extract_message, translate_error
from stratiform.connectors.openstack.settings import parse_settings
from stratiform.contract import errors
from stratiform.kit.errors import Invalid
from support.openstack import PASSWORD, connect_openstack

SETTINGS = {"auth_url": "http://127.0.0.1:1/v3", "username": "u", "password": "p-1", "project_name": "p"}


def test_wrong_password_is_rejected_and_not_in_the_message(openstack_url: str) -> None:
    with pytest.raises(errors.CredentialsRejected) as raised:
        connect_openstack(openstack_url, password="wrong").check_credentials()
    assert "wrong" not in raised.value.message


def test_auth_url_without_a_server_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.openstack.client._CONNECT_RETRIES", 0)
    with pytest.raises(errors.CloudUnreachable, match="identity service does not respond") as raised:
        connect_openstack("http://127.0.0.1:1/v3").check_credentials()
    assert "HTTPConnection" not in raised.value.message


def test_auth_url_of_another_service_is_rejected(openstack_url: str) -> None:
    with pytest.raises(errors.RequestRejected) as raised:
        connect_openstack(openstack_url.replace("/keystone/v3", "/gnocchi")).check_credentials()
    assert "auth_url" in raised.value.hint


def test_environment_of_the_openstack_client_is_ignored(openstack_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "no-such-cloud")
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OS_REGION_NAME", "no-such-region")
    assert connect_openstack(openstack_url).check_credentials().zones


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"password": ""}, "setting 'password' is missing"),
        ({"username": ""}, "setting 'username' is missing"),
        ({"project_name": ""}, "setting 'project_name' is missing"),
        ({"application_credential_secret": "s"}, "setting 'application_credential_id' is missing"),
        ({"application_credential_id": "a"}, "'username' and 'application_credential_id' exclude each other"),
        ({"application_credential_id": "a", "username": ""}, "setting 'application_credential_secret' is missing"),
        ({"stop_mode": "off"}, "must be one of stop, shelve"),
        ({"inventory": "domain"}, "must be one of all, project"),
        ({"color": "red"}, "unknown setting 'color'"),
        ({"auth_url": "keystone:5000"}, "must be an http:// or https:// URL"),
        ({"interface": "private"}, "must be one of public, internal, admin"),
        ({"verify": "no"}, "must be one of true, false"),
        ({"cacert": "/no/such/file"}, "not a file with CA certificates"),
    ],
)
def test_invalid_settings(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse_settings({**SETTINGS, **overrides})


def test_settings_have_defaults_and_no_secrets_in_their_repr() -> None:
    settings = parse_settings({**SETTINGS, "verify": "false"})
    assert (settings.user_domain_name, settings.project_domain_name) == ("Default", "Default")
    assert settings.interface == "public"
    assert not settings.verify
    assert SETTINGS["password"] not in repr(settings)
    assert PASSWORD not in repr(connect_openstack(SETTINGS["auth_url"]))


def test_an_application_credential_or_the_id_of_a_project_is_enough() -> None:
    settings = parse_settings(
        {
            "auth_url": SETTINGS["auth_url"],
            "application_credential_id": "a-1",
            "application_credential_secret": "s-1",
        }
    )
    assert "s-1" not in repr(settings)
    assert parse_settings({**SETTINGS, "project_name": "", "project_id": "p-1"}).project_id == "p-1"


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances"),
        (403, "Quota exceeded, too many key pairs."),
        (409, "OverQuota: Quota exceeded for resources: ['network']."),
        (409, "No more IP addresses available on network n."),
        (413, "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota."),
        (413, "Image storage quota exceeded"),
    ],
)
def test_an_exceeded_quota_is_missing_capacity(status: int, message: str) -> None:
    assert type(translate_error("compute", status, message)) is errors.InsufficientCapacity


def test_a_forbidden_change_is_not_a_matter_of_credentials() -> None:
    error = translate_error("compute", 403, "Cannot detach a root device volume")
    assert type(error) is errors.RequestRejected


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (400, errors.RequestRejected),
        (401, errors.CredentialsRejected),
        (403, errors.CredentialsRejected),
        (404, errors.NativeNotFound),
        (413, errors.CloudThrottled),
        (429, errors.CloudThrottled),
        (500, errors.CloudUnreachable),
        (503, errors.CloudUnreachable),
    ],
)
def test_translate_error(status: int, error_type: type[errors.CloudError]) -> None:
    assert type(translate_error("compute", status, "why")) is error_type


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"code": 404, "description": {"cause": "No metric", "detail": [["m1", "max"]]}}', "No metric: m1, max"),
        (b'{"code": 404, "title": "Not Found", "description": "No such type"}', "No such type"),
        (b'{"error": {"code": 401, "message": "Who are you?"}}', "Who are you?"),
        (b"<html><head><title>404</title></head><h1>404</h1><p>It&#x27;s gone.<br/></p></html>", "It's gone"),
        (b"", "no reason given"),
    ],
)
def test_extract_message_returns_one_line(body: bytes, message: str) -> None:
    assert extract_message(body) == message


def test_importing_the_connector_does_not_import_openstacksdk() -> None:
    code = "import sys, stratiform.connectors.openstack.connector; sys.exit('openstack' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
