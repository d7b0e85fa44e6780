"""Results of `make clients`: steps of shells, tasks of Ansible, scenarios of rally."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

from support.shell_steps import ShellSession, Step, find_value, judge

sys.path.append(str(Path(__file__).parents[2] / "tools"))

# mypy checks tools as scripts, not as modules
client_suites = import_module("client_suites")

TABLE = """\
+----------+--------+
| Property | Value  |
+----------+--------+
| ID       | a      |
| status   | ACTIVE |
+----------+--------+
"""
ROWS = "| ID | Name | Status |\n| a | web | ACTIVE |\n"


def test_values_of_tables() -> None:
    assert (find_value(TABLE, "id"), find_value(TABLE, "status"), find_value(TABLE, "name")) == ("a", "ACTIVE", "")
    assert (find_value(ROWS, "id"), find_value(ROWS, "status"), find_value("", "id")) == ("a", "ACTIVE", "")


@pytest.mark.parametrize(
    ("status", "output", "expected", "is_refusal", "error"),
    [
        (0, "web", "web", False, ""),
        (0, "web", "db", False, "'db' is not in the output: web"),
        (1, "ERROR", "", False, "ERROR"),
        (1, "ERROR", "ERR", True, ""),
        (0, "web", "", True, "succeeds"),
        (1, "'str' object has no attribute 'get'", "", True, "the client fails: 'str' object has no attribute 'get'"),
    ],
)
def test_verdicts(status: int, output: str, expected: str, is_refusal: bool, error: str) -> None:
    assert judge(status, output, expected, is_refusal=is_refusal) == error


def test_step_file(tmp_path: Path) -> None:
    """`tool show` prints a table with its arguments as id."""
    program = tmp_path / "tool"
    program.write_text('#!/bin/sh\n[ "$1" = show ] || exit 2\necho "| id | $2 |"\necho "| status | $3 |"\n')
    program.chmod(0o755)
    steps = tmp_path / "steps.txt"
    steps.write_text(
        "# comment\nID=tool show a ACTIVE\ntool show $ID ?? | a |\n~tool hide\n!wait active tool show a ACTIVE\n"
    )
    session = ShellSession(tmp_path, tmp_path, {"PATH": "/usr/bin:/bin"})
    assert [step.error for step in session.run_file(steps)] == [""] * 4
    steps.write_text("tool hide\n")
    assert [step.error for step in session.run_file(steps)] == ["exit status 2"]


def test_tasks_of_ansible() -> None:
    results = [{}, {"failed": True, "msg": "no"}, {"failed_when_result": True}, {"failed_when_result": False}]
    tasks = [{"task": {"name": str(i)}, "hosts": {"localhost": result}} for i, result in enumerate(results)]
    steps = client_suites.parse_ansible("warning\n" + json.dumps({"plays": [{"tasks": tasks}]}))
    assert steps == [Step("0", ""), Step("1", "no"), Step("2", "it changes something"), Step("3", "")]


def test_scenarios_of_rally() -> None:
    subtasks = [
        {"title": "a", "workloads": [{"data": [{"error": []}]}]},
        {"title": "b", "workloads": [{"data": [{"error": []}, {"error": ["TypeError", "x", "trace"]}]}]},
        {"title": "c", "workloads": [{"data": []}]},
    ]
    steps = client_suites.parse_rally(json.dumps({"tasks": [{"subtasks": subtasks}]}))
    assert steps == [Step("a", ""), Step("b", "TypeError x"), Step("c", "no iteration ran")]


def test_page_counts_steps() -> None:
    steps = [Step("list_nodes", ""), Step("ex_rebuild", "400"), Step("create_node", "500")]
    page = client_suites.render_page([client_suites.Results("libcloud", steps, 1.0)])
    assert "| apache-libcloud 3.9.1 | 3 | 1 | 1 | 1 |" in page
    assert "- apache-libcloud, `create_node`: 500" in page
    assert "`ex_rebuild`: libcloud sends `flavorRef`" in page


def test_step_files_name_their_clients() -> None:
    for name in ("nova", "cinder", "glance"):
        lines = (client_suites.CALLS / f"{name}.txt").read_text().splitlines()
        assert len([line for line in lines if f"{name} " in line]) > 50
