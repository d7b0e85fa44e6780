"""What contract.connector promises."""

from pathlib import Path

import pytest

from conformance.clouds import CLOUDS, CloudUnderTest
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.contract.errors import CredentialsRejected
from stratiform.contract.registry import get_connector, list_kinds
from stratiform.kit.clock import HOUR_US, SystemClock
from stratiform.kit.errors import Invalid


def test_check_says_who_we_are_and_which_zones_there_are(cloud: CloudUnderTest) -> None:
    finding = cloud.connected.check_credentials()
    assert finding.identity
    assert finding.zones or cloud.connected.compute is None
    assert all(finding.zones)


def test_credentials_that_the_cloud_does_not_know_are_rejected_by_every_verb(cloud: CloudUnderTest) -> None:
    if cloud.rejected is None:
        pytest.skip("can't be tried on this cloud")
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
            list(cloud.rejected.usage.list_samples(cloud.asked, 0, HOUR_US))


def test_every_kind_is_under_test() -> None:
    assert set(list_kinds()) == set(CLOUDS)


@pytest.mark.parametrize("kind", list_kinds())
def test_settings_are_described_and_secrets_have_no_default(kind: str) -> None:
    settings = get_connector(kind).settings
    assert get_connector(kind).kind == kind
    assert len({setting.name for setting in settings}) == len(settings)
    for setting in settings:
        assert setting.help.endswith(".")
        assert not (setting.secret and setting.default)


@pytest.mark.parametrize("kind", list_kinds())
def test_a_missing_setting_is_named_before_anything_is_asked(kind: str, tmp_path: Path) -> None:
    required = [setting for setting in get_connector(kind).settings if setting.required]
    if not required:
        pytest.skip("needs nothing")
    given = {setting.name: "http://127.0.0.1:9" for setting in required[1:]}
    with pytest.raises(Invalid, match=required[0].name):
        get_connector(kind).connect(CloudAccount("c", "c", given), Installation("i", tmp_path, SystemClock()))
