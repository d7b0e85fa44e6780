"""Conformance to contract.connector."""

from pathlib import Path

import pytest

from conformance.clouds import CLOUDS, CloudUnderTest
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.contract.errors import CredentialsRejected
from stratiform.contract.registry import get_connector, list_cloud_kinds
from stratiform.kit.clock import HOUR_US, SystemClock
from stratiform.kit.errors import Invalid


def test_check_credentials_returns_identity_and_zones(cloud: CloudUnderTest) -> None:
    account = cloud.connection.check_credentials()
    assert account.identity
    assert account.zones or cloud.connection.compute is None
    assert all(account.zones)


def test_wrong_credentials_are_rejected_by_all_capabilities(cloud: CloudUnderTest) -> None:
    if cloud.rejected is None:
        pytest.skip("the test server accepts all credentials")
    with pytest.raises(CredentialsRejected):
        cloud.rejected.check_credentials()
    if cloud.rejected.compute is not None:
        with pytest.raises(CredentialsRejected):
            list(cloud.rejected.compute.list())
    if cloud.rejected.volume is not None:
        with pytest.raises(CredentialsRejected):
            cloud.rejected.volume.find("any")
    if cloud.rejected.usage is not None:
        with pytest.raises(CredentialsRejected):
            list(cloud.rejected.usage.list_inventory())
        with pytest.raises(CredentialsRejected):
            list(cloud.rejected.usage.list_samples(cloud.poll, 0, HOUR_US))


def test_all_kinds_are_tested() -> None:
    assert set(list_cloud_kinds()) == {name.partition("-")[0] for name in CLOUDS}


@pytest.mark.parametrize("kind", list_cloud_kinds())
def test_settings_have_help_and_secrets_have_no_default(kind: str) -> None:
    settings = get_connector(kind).settings
    assert get_connector(kind).kind == kind
    assert len({setting.name for setting in settings}) == len(settings)
    for setting in settings:
        assert setting.help.endswith(".")
        assert not (setting.secret and setting.default)
        assert not setting.choices or setting.default in setting.choices


@pytest.mark.parametrize("kind", list_cloud_kinds())
def test_missing_setting_is_invalid(kind: str, tmp_path: Path) -> None:
    required = [setting for setting in get_connector(kind).settings if setting.required]
    if not required:
        pytest.skip("this connector has no required settings")
    settings = {setting.name: "http://127.0.0.1:9" for setting in required[1:]}
    with pytest.raises(Invalid, match=required[0].name):
        get_connector(kind).connect(CloudAccount("c", "c", settings), Installation("i", tmp_path, SystemClock()))
