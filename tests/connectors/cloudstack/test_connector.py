"""The CloudStack connector: credentials, settings, translation of errors."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.connectors.cloudstack.errors import translate_error
from stratiform.connectors.cloudstack.settings import parse_settings
from stratiform.contract import errors
from stratiform.kit.errors import Invalid
from support.cloudstack import cloudstack_settings, connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.scenarios import compute_of, create_server, images_of, new_spec, wait_for

SETTINGS = cloudstack_settings("http://127.0.0.1:1/client/api")


def test_check_credentials_returns_the_account_and_the_zones(cloud: CloudStackCloud) -> None:
    account = cloud.check_credentials()
    assert (account.identity, account.zones) == ("ROOT/reseller", ("zone-1",))


@pytest.mark.parametrize("overrides", [{"secret_key": "very-secret"}, {"api_key": "no-key"}])
def test_wrong_key_is_rejected_and_not_in_the_message(server: ApiServer, home: Path, overrides: dict[str, str]) -> None:
    with pytest.raises(errors.CredentialsRejected) as raised:
        connect_cloudstack(server.url, home, **overrides).check_credentials()
    text = f"{raised.value.message} {raised.value.hint} {raised.value.__cause__!r}"
    assert not any(value in text for value in overrides.values())


def test_zone_that_does_not_exist_is_invalid(server: ApiServer, home: Path) -> None:
    cloud = connect_cloudstack(server.url, home, zone="Atlantis")
    with pytest.raises(Invalid, match="zone 'Atlantis' not found") as raised:
        cloud.check_credentials()
    assert "zone-1" in raised.value.hint
    with pytest.raises(errors.RequestRejected, match="zone 'Atlantis' not found"):
        compute_of(cloud).create(new_spec(server))


def test_zone_may_be_an_id(server: ApiServer, home: Path) -> None:
    cloud = connect_cloudstack(server.url, home, zone=server.get_id("zones", "zone-1"))
    assert cloud.check_credentials().zones == ("zone-1",)
    assert create_server(cloud, server).id


def test_endpoint_without_a_server_is_unreachable_and_shows_no_request(home: Path) -> None:
    cloud = connect_cloudstack("http://127.0.0.1:1/client/api", home)
    with pytest.raises(errors.CloudUnreachable, match="does not respond: ConnectionError") as raised:
        cloud.check_credentials()
    assert raised.value.__suppress_context__
    assert not any(secret in raised.value.message for secret in ("api-key", "signature", "not-a-secret"))


def test_requests_have_no_parameters_in_the_url(server: ApiServer, home: Path) -> None:
    """URLs are in logs of proxies and in errors of `requests`."""
    cloud = connect_cloudstack(server.url, home)
    assert cloud._client._api.method == "post"
    assert "not-a-secret" not in repr(cloud._client._api)


def test_project_owns_the_resources_if_it_is_set(server: ApiServer, home: Path) -> None:
    cloud = connect_cloudstack(server.url, home, project_id="p-1")
    create_server(cloud, server)
    requests = {name: params for name, params in server.requests if name in ("deployVirtualMachine", "listVolumes")}
    assert {params.get("projectid") for params in requests.values()} == {"p-1"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"zone": ""}, "setting 'zone' is missing"),
        ({"color": "red"}, "unknown setting 'color'"),
        ({"endpoint": "ftp://x"}, "must be an http:// or https:// URL"),
        ({"endpoint": "http://169.254.169.254/client/api"}, "metadata service"),
        ({"timeout": "soon"}, "setting 'timeout' must be a number from 1 to 600: 'soon'"),
        ({"timeout": "0"}, "setting 'timeout' must be a number from 1 to 600: '0'"),
        ({"verify": "maybe"}, "setting 'verify' must be one of true, false: 'maybe'"),
        ({"cacert": "/no/such/file"}, "setting 'cacert' is not a file with CA certificates"),
        ({"expunge": "later"}, "setting 'expunge' must be one of"),
    ],
)
def test_invalid_settings(overrides: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse_settings({**SETTINGS, **overrides})


def test_settings_have_no_secrets_in_their_repr() -> None:
    text = repr(parse_settings(SETTINGS))
    assert "not-a-secret" not in text
    assert "api-key" not in text


def test_verification_of_certificates_can_be_disabled() -> None:
    assert parse_settings(SETTINGS).verify is True
    assert parse_settings({**SETTINGS, "verify": "false"}).verify is False


@pytest.mark.parametrize(
    ("code", "exception_code", "text", "error_type"),
    [
        (401, 0, "unable to verify user credentials", errors.CredentialsRejected),
        (405, 0, "method not allowed", errors.NotSupported),
        (429, 0, "API limit reached", errors.CloudThrottled),
        (430, 9999, "malformed parameter", errors.RequestRejected),
        (431, 4350, "Invalid size", errors.RequestRejected),
        (431, 9999, "Invalid parameter id value=x ... or entity does not exist", errors.NativeNotFound),
        (431, 4350, "Unable to find service offering: 104", errors.NativeNotFound),
        (431, 4350, "unable to find a virtual machine with id 7", errors.NativeNotFound),
        (432, 9999, "The given command does not exist", errors.NotSupported),
        (530, 4250, "failed", errors.CloudUnreachable),
        (530, 4365, "no permission", errors.CredentialsRejected),
        (531, 0, "no permission", errors.CredentialsRejected),
        (532, 0, "limit", errors.InsufficientCapacity),
        (533, 4335, "no server", errors.InsufficientCapacity),
        (534, 4380, "host down", errors.CloudUnreachable),
        (535, 4370, "Maximum number of resources", errors.InsufficientCapacity),
        (536, 4375, "in use", errors.RequestRejected),
        (537, 4360, "conflicts", errors.RequestRejected),
        (503, 0, "", errors.CloudUnreachable),
        (599, 0, "", errors.CloudUnreachable),
        (418, 0, "", errors.RequestRejected),
    ],
)
def test_translate_error(code: int, exception_code: int, text: str, error_type: type[errors.CloudError]) -> None:
    assert type(translate_error(code, exception_code, text)) is error_type


def test_failed_job_is_rejected_and_messages_have_one_line() -> None:
    error = translate_error(530, 4250, "Failed to attach volume.\nStack trace", in_job=True)
    assert type(error) is errors.RequestRejected
    assert error.message == "CloudStack: Failed to attach volume (530)"
    assert translate_error(431, 0, "").message == "CloudStack: no reason given (431)"
    assert len(translate_error(431, 0, "x" * 5000).message) < 350


def test_image_of_a_server_is_created_once_although_responses_are_lost(
    cloud: CloudStackCloud, server: ApiServer
) -> None:
    created = create_server(cloud, server)
    for command in ("createSnapshot", "createTemplate"):
        server.inject(command, "lose")

    def create_image() -> bool:
        try:
            return compute_of(cloud).create_image(created.id, "i1", "golden").is_ready
        except errors.CloudUnreachable:
            return False

    wait_for(create_image, bool)
    server.state.finish_jobs()
    assert len([row for row in server.state.rows("templates") if row["_owner"]]) == 1
    assert server.state.rows("snapshots") == []
    assert images_of(cloud).get(server.state.rows("templates")[-1]["id"]).name == "golden"


def test_getting_the_connector_does_not_import_its_sdk() -> None:
    program = (
        "import sys; from stratiform.contract.registry import get_connector; get_connector('cloudstack');"
        "sys.exit('cs' in sys.modules or 'requests' in sys.modules or 'httpx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
