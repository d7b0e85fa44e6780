"""Tables of the command line."""

import pytest

from stratiform.interfaces.cli.output import Format, print_list


@pytest.mark.parametrize("text", ["a\tb", "a\t" * 40, "a\u2028b", "a\u2029b", "a\rb", "a\x85b"])
def test_a_row_is_one_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    print_list([{"id": "1", "text": text}], {"Id": "id", "Text": "text"}, Format.table)
    assert len(capsys.readouterr().out.splitlines()) == 2
