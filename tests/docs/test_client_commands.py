"""Verdicts on commands of the openstack client."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools"))

# mypy checks tools as scripts, not as modules
client_commands = import_module("client_commands")
Exchange, Outcome = client_commands.Exchange, client_commands.Outcome

NO_ROUTE = Exchange("GET /x", 404, '{"message": "The resource could not be found."}')
NOT_FOUND = Exchange("GET /x", 404, '{"message": "No image found with ID x", "title": "Not Found"}')


@pytest.mark.parametrize(
    ("outcome", "check", "expected"),
    [
        (Outcome(0, '{"id": "a"}', "", []), "", "works"),
        (Outcome(0, '{"id": "a"}', "", []), "o['id'] == 'a'", "works"),
        (Outcome(0, '{"id": "b"}', "", []), "o['id'] == 'a'", "broken"),
        (Outcome(0, "", "", []), "o['id'] == 'a'", "broken"),
        (Outcome(0, "", "", [NOT_FOUND]), "", "works"),
        (Outcome(1, "", "", [NOT_FOUND]), "", "refused"),
        (Outcome(1, "", "", [NO_ROUTE]), "", "no route"),
        (Outcome(1, "", "", [Exchange("PUT /x", 405, "")]), "", "no route"),
        (Outcome(1, "", "", [Exchange("PUT /x", 501, "")]), "", "not supported"),
        (Outcome(0, "", "", [Exchange("GET /x", 500, "")]), "", "broken"),
        (Outcome(99, "", "Traceback", []), "", "broken"),
        (Outcome(2, "", "usage", []), "", "refused"),
    ],
)
def test_verdicts(outcome: Any, check: str, expected: str) -> None:
    assert client_commands.judge(outcome, check, {}) == expected


def test_expected_refusals() -> None:
    assert client_commands.judge(Outcome(1, "", "", [NOT_FOUND]), "", {}, is_refusal=True) == "refused"
    assert client_commands.judge(Outcome(0, "", "", []), "", {}, is_refusal=True) == "broken"


def test_verdict_on_a_command() -> None:
    assert client_commands.choose({"refused", "works"}) == "works"
    assert client_commands.choose({"broken", "works"}) == "broken"
    assert client_commands.choose(set()) == "not tried"


def test_longest_name_is_the_command() -> None:
    commands = {"server": 1, "server add": 1, "server add port": 1}
    assert client_commands.find_command(["server", "add", "port", "a"], commands) == "server add port"
    assert client_commands.find_command(["volume"], commands) == ""


def test_page_counts_commands() -> None:
    page = client_commands.render_page({"image.v2": {"image list": "works", "image save": "refused"}})
    assert "| image.v2 | 0 | 1 | 0 | 0 | 1 | 0 | 2 |" in page
    assert "| image.v2 (1) |\n|---|\n| image save |" in page
