"""Output of the command line."""

import json

import pytest
import yaml

from stratiform.interfaces.cli.output import Format, print_item, print_list


@pytest.mark.parametrize("text", ["a\tb", "a\t" * 40, "a\u2028b", "a\u2029b", "a\rb", "a\x85b"])
def test_a_row_is_one_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    print_list([{"id": "1", "text": text}], {"Id": "id", "Text": "text"}, Format.table)
    assert len(capsys.readouterr().out.splitlines()) == 2


@pytest.mark.parametrize(
    "items", [[], [{"id": "1"}], [{"id": "1", "name": "a: b\n- ü\x1b[31m"}, {"n": None, "on": [True, 1.5]}]]
)
def test_yaml_has_the_content_of_json(capsys: pytest.CaptureFixture[str], items: list[dict[str, object]]) -> None:
    print_list(items, {}, Format.json)
    content = json.loads(capsys.readouterr().out)
    print_list(items, {}, Format.yaml)
    text = capsys.readouterr().out
    assert yaml.safe_load(text) == content == items
    assert "\x1b" not in text
    for item in items:
        print_item(item, {}, Format.yaml)
        assert yaml.safe_load(capsys.readouterr().out) == item
