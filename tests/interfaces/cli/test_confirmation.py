"""Confirmation of commands that cannot be undone."""

import io
import sys

import pytest

from stratiform.interfaces.cli.confirmation import confirm
from stratiform.interfaces.cli.errors import CliError


class Terminal(io.StringIO):
    """Standard input of a person."""

    def isatty(self) -> bool:
        return True


def test_the_question_is_printed_to_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    confirm("Remove cloud 'ec2'", yes=False)
    output = capsys.readouterr()
    assert output.err.startswith("Remove cloud 'ec2'? [y/N]")
    assert output.out.strip() == ""


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_any_other_answer_cancels_the_command(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(CliError, match="Remove cloud 'ec2': canceled"):
        confirm("Remove cloud 'ec2'", yes=False)


@pytest.mark.parametrize("standard_input", [io.StringIO("y\n"), None], ids=["file", "closed"])
def test_without_a_terminal_the_command_is_refused_instead_of_waiting(
    monkeypatch: pytest.MonkeyPatch, standard_input: io.StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stdin", standard_input)
    with pytest.raises(CliError, match="not confirmed") as error:
        confirm("Remove cloud 'ec2'", yes=False)
    assert error.value.hint == "run the command again with --yes"


def test_yes_confirms_without_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    confirm("Remove cloud 'ec2'", yes=True)
