"""Output of the command line."""

import json

import pytest
import yaml

from stratiform.interfaces.cli.amounts import format_amount
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.output import Format, print_item, print_list
from stratiform.interfaces.cli.resource_order import sort_by_resource

ROWS: list[dict[str, object]] = [
    {"id": "1", "name": "a, b", "zones": ["x", "y"], "hidden": {"n": 1}},
    {"id": "2", "name": None, "zones": [], "hidden": {"n": 2}},
]
COLUMNS = {"ID": "id", "Name": "name", "Native zones": "zones"}


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


def test_list_as_csv_and_as_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_list(ROWS, COLUMNS, Format.csv)
    assert capsys.readouterr().out == 'ID,Name,Native zones\r\n1,"a, b","x\ny"\r\n2,,\r\n'
    print_list([{"id": "=1+1"}], COLUMNS, Format.csv, ["ID"])
    assert capsys.readouterr().out == "ID\r\n'=1+1\r\n", "a spreadsheet must not evaluate a name"
    print_list(ROWS, COLUMNS, Format.value)
    assert capsys.readouterr().out == "1 a, b x y\n2  \n"


def test_item_as_csv_and_as_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_item(ROWS[0], COLUMNS, Format.csv)
    assert capsys.readouterr().out == 'ID,Name,Native zones\r\n1,"a, b","x\ny"\r\n'
    print_item(ROWS[0], COLUMNS, Format.value, ["name", "ID"])
    assert capsys.readouterr().out == "1\na, b\n"


@pytest.mark.parametrize("name", ["Native zones", "native zones", "zones"])
def test_columns_are_selected_by_heading_or_key(capsys: pytest.CaptureFixture[str], name: str) -> None:
    print_list(ROWS, COLUMNS, Format.value, [name])
    assert capsys.readouterr().out == "x y\n\n"
    print_list(ROWS, COLUMNS, Format.json, [name])
    assert json.loads(capsys.readouterr().out) == [{"zones": ["x", "y"]}, {"zones": []}]
    print_list(ROWS, COLUMNS, Format.table, [name, "ID"])
    assert capsys.readouterr().out.splitlines()[0].split() == ["ID", "Native", "zones"]


def test_json_has_columns_that_tables_do_not_have(capsys: pytest.CaptureFixture[str]) -> None:
    print_item(ROWS[0], COLUMNS, Format.json, ["hidden"])
    assert json.loads(capsys.readouterr().out) == {"hidden": {"n": 1}}


@pytest.mark.parametrize("output", Format)
def test_unknown_column(output: Format) -> None:
    with pytest.raises(CliError, match="No such column: 'x'"):
        print_list(ROWS, COLUMNS, output, ["x"])
    with pytest.raises(CliError, match="No such column: 'x'"):
        print_item(ROWS[0], COLUMNS, output, ["ID", "x"])


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("144.343341666665635", "EUR", "144.3433"),
        ("0.000134805555768", "EUR", "0.0001"),
        ("0.000034805555768", "EUR", "< 0.0001"),
        ("-0.00000001", "EUR", "> -0.0001"),
        ("0", "EUR", "0.00"),
        ("12.5", "EUR", "12.50"),
        ("1.99999", "EUR", "2.00"),
        ("144.343341", "JPY", "144.34"),
        ("144", "JPY", "144"),
        ("0.123456789", "BHD", "0.12346"),
    ],
)
def test_amounts_have_up_to_two_more_digits_than_the_currency(amount: str, currency: str, text: str) -> None:
    assert format_amount(amount, currency) == text


def test_resources_are_in_the_order_in_which_people_count() -> None:
    names = ["srv-10", "SRV-1", "srv-2", "srv", "srv-02", "a10b2", "a10b10", ""]
    items = [{"resource_name": name, "resource_id": "m7" if name else "b"} for name in names]
    ordered = [item["resource_name"] for item in sort_by_resource(items)]
    assert ordered == ["a10b2", "a10b10", "", "srv", "SRV-1", "srv-02", "srv-2", "srv-10"]


def test_lines_of_a_resource_are_by_component_and_time() -> None:
    lines = [("RAM", "1"), ("Disk 10", "1"), ("Disk 2", "2"), ("Disk 2", "1")]
    items = [{"resource_name": "srv", "description": name, "start": start} for name, start in lines]
    ordered = [(item["description"], item["start"]) for item in sort_by_resource(items)]
    assert ordered == [("Disk 2", "1"), ("Disk 2", "2"), ("Disk 10", "1"), ("RAM", "1")]
