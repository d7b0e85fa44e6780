"""Rules for new passwords, with Keystone's settings and texts."""

from pathlib import Path
from typing import Any

import pytest

from stratiform.kit.errors import Forbidden, Invalid
from stratiform.services.identity.service.password_hasher import PasswordHasher
from support.callers import PASSWORD, open_callers
from support.identity_api import V3
from support.stacks import build_harness

RULE: dict[str, Any] = {"password_regex": r".{12,}$", "password_regex_description": "12 characters or more"}


def test_any_password_is_accepted_by_default() -> None:
    for password in ("x", "", "é" * 4096):
        PasswordHasher(4).check_requirements(password)


def test_passwords_have_a_maximum_length() -> None:
    with pytest.raises(Forbidden, match="must be less than or equal to 4096"):
        PasswordHasher(4).check_requirements("x" * 4097)


def test_a_new_password_matches_the_pattern() -> None:
    hasher = PasswordHasher(4, *RULE.values())
    hasher.check_requirements("twelve chars")
    with pytest.raises(Invalid, match=r"^The password does not match the requirements: 12 characters or more\.$"):
        hasher.check_requirements("eleven char")


def test_an_invalid_pattern_is_refused_at_start(home: Path) -> None:
    home.mkdir()
    with pytest.raises(Invalid, match="password_regex is not a valid regular expression"):
        build_harness(home, password_regex="(")


def test_the_rule_applies_to_every_way_to_set_a_password_and_not_to_sign_in(home: Path) -> None:
    home.mkdir()
    stack = build_harness(home, **RULE)
    with open_callers(stack) as api:
        new = {"name": "u", "password": "x"}
        refused = api.request("POST", f"{V3}/users", "admin", json={"user": new})
        assert (refused.status_code, refused.json()["error"]["message"]) == (
            400,
            "The password does not match the requirements: 12 characters or more.",
        )
        user = api.ok("POST", f"{V3}/users", "admin", json={"user": new | {"password": PASSWORD}})["user"]
        path = f"{V3}/users/{user['id']}"
        assert api.request("PATCH", path, "admin", json={"user": {"password": "short"}}).status_code == 400
        change = {"original_password": PASSWORD, "password": "short"}
        assert api.request("POST", f"{path}/password", "", json={"user": change}).status_code == 400
        change["password"] = "x" * 73 + "tail"
        assert api.request("POST", f"{path}/password", "", json={"user": change}).status_code == 204
        for password, status in ((change["password"], 201), (change["password"][:72] + "other", 401)):
            credentials = {"user": {"id": user["id"], "password": password}}
            body = {"auth": {"identity": {"methods": ["password"], "password": credentials}}}
            assert api.request("POST", f"{V3}/auth/tokens", "", json=body).status_code == status
    stack.services.database.close()
