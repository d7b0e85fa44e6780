"""Completion of imported accounts: missing values, secrets, and settings that the connector rejects."""

from dataclasses import replace

import pytest

from stratiform.interfaces.cli.cloud_import.atomia import parse_atomia
from stratiform.interfaces.cli.cloud_import.completion import complete_account, mask_url_password
from stratiform.interfaces.cli.cloud_import.plan import PlannedAccount, PlannedSetting
from stratiform.kit.errors import Invalid
from support.cloud_files import ATOMIA


def account(**values: str) -> PlannedAccount:
    return PlannedAccount(
        "ec2-1", "aws", "instance x", tuple(PlannedSetting(name, value, f"x.{name}") for name, value in values.items())
    )


COMPLETE = {"access_key": "k", "secret_key": "hush", "region": "eu-west-1", "az": "ra"}


def test_missing_connector_is_an_error_with_the_kinds() -> None:
    with pytest.raises(Invalid, match="Cloud 'g': unknown kind of cloud: 'gce'") as error:
        complete_account(PlannedAccount("g", "gce", "[GCE]"), {}, None)
    assert "memory" in error.value.hint


def test_secrets_are_not_described() -> None:
    complete = complete_account(account(**COMPLETE), {}, None)
    assert complete.settings == COMPLETE
    assert "hush" not in repr(complete)
    assert ("x.secret_key", "secret_key = ***") in complete.lines
    assert mask_url_password("https://u:hush@ec2/a@b") == "https://***@ec2/a@b"
    assert mask_url_password("https://ec2/a@b") == "https://ec2/a@b"


def test_setting_that_the_connector_rejects_is_an_error() -> None:
    with pytest.raises(Invalid, match="Cloud 'ec2-1': setting 'endpoint' must be a URL without") as error:
        complete_account(account(**COMPLETE, endpoint="https://u:hush@ec2"), {}, None)
    assert "hush" not in error.value.message


def test_optional_setting_is_left_out_if_it_is_not_declared() -> None:
    optional = PlannedSetting("colour", "red", "x.colour", is_optional=True)
    planned = replace(account(**COMPLETE), settings=(*account(**COMPLETE).settings, optional))
    complete = complete_account(planned, {}, None)
    assert complete.settings == COMPLETE
    assert [entry.label for entry in complete.ignored] == ["x.colour"]


def openstack_account(**values: str) -> PlannedAccount:
    settings = {"auth_url": "http://k", "project_name": "p", **values}
    return replace(account(**settings), name="lab", kind="openstack")


@pytest.mark.parametrize(
    ("values", "secret"),
    [
        ({"username": "u"}, "password"),
        ({"username": "u", "password": ""}, "password"),
        ({"application_credential_id": "a"}, "application_credential_secret"),
    ],
)
def test_secret_of_openstack_is_required(values: dict[str, str], secret: str) -> None:
    with pytest.raises(Invalid, match=f"does not have {secret}") as error:
        complete_account(openstack_account(**values), {}, None)
    assert error.value.hint == f"set STRATIFORM_CLOUD_LAB_{secret.upper()}"
    complete = complete_account(openstack_account(**values), {}, lambda text: f"hush of {text}")
    assert complete.settings[secret] == f"hush of lab: {secret}"
    general = complete_account(openstack_account(**values), {f"STRATIFORM_CLOUD_{secret.upper()}": "hush"}, None)
    assert general.settings[secret] == "hush"


def test_empty_secret_is_prompted_for() -> None:
    complete = complete_account(account(**{**COMPLETE, "secret_key": ""}), {}, lambda _text: "hush")
    assert complete.settings["secret_key"] == "hush"


def test_missing_settings_name_their_variables() -> None:
    with pytest.raises(Invalid, match="does not have secret_key, az") as error:
        complete_account(account(access_key="k", region="r"), {}, None)
    assert error.value.hint == "set STRATIFORM_CLOUD_EC2_1_SECRET_KEY, STRATIFORM_CLOUD_EC2_1_AZ"


def test_unknown_setting_is_an_error() -> None:
    with pytest.raises(Invalid, match="Cloud 'ec2-1': unknown setting 'password' for aws"):
        complete_account(account(**COMPLETE, password="hush"), {}, None)


def test_environment_takes_precedence() -> None:
    variables = {
        "STRATIFORM_CLOUD_EC2_1_REGION": "own",
        "STRATIFORM_CLOUD_REGION": "general",
        "STRATIFORM_CLOUD_AZ": "general",
        "STRATIFORM_CLOUD_SECRET_KEY": "hush",
    }
    settings = complete_account(account(access_key="k", region="file", az="file"), variables, None).settings
    assert settings == {"access_key": "k", "region": "own", "az": "file", "secret_key": "hush"}


def test_assumed_setting_is_replaced_by_the_general_variable() -> None:
    (planned,) = parse_atomia(ATOMIA).accounts
    assert complete_account(planned, {}, None).settings["project_name"] == "admin"
    variables = {"STRATIFORM_CLOUD_PROJECT_NAME": "ops"}
    assert complete_account(planned, variables, None).settings["project_name"] == "ops"


def test_only_missing_required_secrets_are_prompted() -> None:
    prompts = []

    def prompt(text: str) -> str:
        prompts.append(text)
        return "hush"

    complete = complete_account(account(access_key="k", region="eu-west-1", az="ra"), {}, prompt)
    assert complete.settings["secret_key"] == "hush"
    assert prompts == ["ec2-1: secret_key"]
