"""Credentials, settings, and what OpenStack says when it says no."""

import subprocess
import sys
from pathlib import Path

import pytest

from stratiform.connectors.openstack.errors import said, told
from stratiform.connectors.openstack.settings import parse
from stratiform.contract import errors
from stratiform.kit.errors import Invalid
from support.openstack import PASSWORD, connect_openstack

GIVEN = {"auth_url": "http://127.0.0.1:1/v3", "username": "u", "password": "p-1", "project_name": "p"}


def test_a_wrong_password_is_rejected_without_telling_it(openstack_url: str) -> None:
    with pytest.raises(errors.CredentialsRejected) as found:
        connect_openstack(openstack_url, password="wrong").check()
    assert "wrong" not in found.value.message


def test_nobody_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stratiform.connectors.openstack.client._CONNECT_TRIES", 0)
    with pytest.raises(errors.CloudUnreachable, match="no answer from OpenStack's identity service") as found:
        connect_openstack("http://127.0.0.1:1/v3").check()
    assert "HTTPConnection" not in found.value.message


def test_what_is_not_keystone_is_told(openstack_url: str) -> None:
    with pytest.raises(errors.RequestRejected) as found:
        connect_openstack(openstack_url.replace("/keystone/v3", "/gnocchi")).check()
    assert "auth_url" in found.value.hint


def test_the_machines_own_variables_do_not_matter(openstack_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLOUD", "not-there")
    monkeypatch.setenv("OS_AUTH_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("OS_REGION_NAME", "not-there")
    assert connect_openstack(openstack_url).check().zones


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"password": ""}, "needs the setting 'password'"),
        ({"colour": "red"}, "no setting 'colour'"),
        ({"auth_url": "keystone:5000"}, "must be a URL"),
        ({"interface": "private"}, "must be one of: public"),
        ({"verify": "no"}, "must be true or false"),
        ({"cacert": "/no/such/file"}, "names no file"),
    ],
)
def test_settings_that_are_wrong_are_named(changed: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        parse({**GIVEN, **changed})


def test_settings_have_defaults_and_show_no_secret() -> None:
    known = parse({**GIVEN, "verify": "false"})
    assert (known.user_domain_name, known.project_domain_name, known.interface) == ("Default", "Default", "public")
    assert not known.verify
    assert GIVEN["password"] not in repr(known)
    assert PASSWORD not in repr(connect_openstack(GIVEN["auth_url"]))


@pytest.mark.parametrize(
    ("status", "kind"),
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
def test_statuses_as_errors(status: int, kind: type[errors.CloudError]) -> None:
    assert type(told("compute", status, "why")) is kind


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
def test_what_an_answer_says_is_one_line(body: bytes, message: str) -> None:
    assert said(body) == message


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, stratiform.connectors.openstack.connector; sys.exit('openstack' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
