"""Texts from outside become numbers by kit/number_parsing.py only, and rows become CSV by kit/csv_files.py only.

Python's `int` accepts `1_000`, ` 5` and the digits of every script, and a spreadsheet evaluates `=1+1`.
"""

import ast
from collections.abc import Iterator

from support import source

#: Packages that read texts of users, files, clouds and other programs.
READERS = ("app/", "interfaces/", "contract/", "connectors/", "services/ingest/parsing/", "services/rating/plan_files/")

#: Arguments of `int`, `float` and `Decimal` there, by module. Each is a number already, or a text that a regular
#: expression with `[0-9]`, the database, the operating system or this program has written.
CHECKED = {
    "app/database_schema.py": {"count"},
    "app/home_folder.py": {"file.read().strip() or 0"},
    "app/process_age.py": {"fields[19]"},
    "app/status_command.py": {"fields[1]"},
    "connectors/aws/client.py": {"error.response.get('ResponseMetadata', {}).get('HTTPStatusCode', 0)"},
    "connectors/aws/usage.py": {"result['Id'][1:]"},
    "connectors/memory/client.py": {"db.execute('PRAGMA user_version').fetchone()[0]", "number", "value"},
    "connectors/memory/usage.py": {"sent"},
    "connectors/prometheus/usage.py": {"seconds * SECOND_US"},
    "contract/usage.py": {"plain.rstrip('0').rstrip('.') if '.' in plain else plain"},
    "interfaces/almanach/views.py": {"text"},
    "interfaces/amqp/transport_url.py": {"match['port'] or default_port"},
    "interfaces/cli/amounts.py": {"amount"},
    "interfaces/cli/invoice.py": {"exact", "net", "quantity"},
    "interfaces/endpoints/decoding.py": {"step"},
    "interfaces/openstack/compute/views/flavors.py": {"flavor.rxtx_factor"},
    "interfaces/openstack/fault_formats.py": {"status"},
    "interfaces/openstack/image/routes/image_data.py": {"first", "last"},
    "interfaces/openstack/microversions.py": {"match[1]", "match[2]", "request.scope['state']['minor']"},
    "interfaces/portal/cost_chart.py": {"(0, (1,), amount.adjusted() - 1)", "amount / highest"},
    "interfaces/portal/views.py": {"day.amount", "invoice.total", "project_cost.amount", "resource.amount"},
    "interfaces/rest/routes/proofs.py": {
        "match[1]",
        "match[2].replace('x', '').replace('/', '')",
        "match[3] or TILE_WIDTH",
    },
    "services/ingest/parsing/payload_values.py": {"value"},
    "services/ingest/parsing/usage_events.py": {"number"},
    "services/rating/plan_files/price_parser.py": {"scaled", "value"},
}

#: Modules that let msgspec convert texts, and check those that it has converted to numbers.
CONVERTERS = {"kit/text_conversion.py", "interfaces/endpoints/decoding.py", "services/rating/plan_version_documents.py"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    return ((name, tree) for name, tree in source.modules().items() if not name.startswith("migrations/"))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def conversions(tree: ast.AST) -> set[str]:
    """Return the arguments of calls of `int`, `float` and `Decimal`, without literals."""
    names = ("int", "float", "Decimal")
    of_names = (node for node in calls(tree) if isinstance(node.func, ast.Name) and node.func.id in names)
    return {
        ast.unparse(node.args[0])
        for node in of_names
        if len(node.args) == 1 and not isinstance(node.args[0], ast.Constant)
    }


def test_texts_from_outside_are_parsed_strictly() -> None:
    """Use `parse_uint`, `parse_int`, `parse_decimal` or `parse_scientific`."""
    unchecked = {
        name: conversions(tree) - CHECKED.get(name, set()) for name, tree in modules() if name.startswith(READERS)
    }
    assert {name: arguments for name, arguments in unchecked.items() if arguments} == {}


def test_patterns_match_ascii_digits_only() -> None:
    """`\\d` matches the digits of every script, unless the flag ASCII is set."""
    loose = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in calls(tree)
        if ast.unparse(node.func).startswith("re.")
        and "\\d" in ast.unparse(node)
        and "re.ASCII" not in ast.unparse(node)
    ]
    assert loose == []


def test_lax_conversions_are_checked() -> None:
    lax = {
        name
        for name, tree in modules()
        for node in calls(tree)
        if ast.unparse(node.func).endswith(("msgspec.convert", "json.decode"))
        and any(keyword.arg == "strict" and ast.unparse(keyword.value) != "True" for keyword in node.keywords)
    }
    assert lax == CONVERTERS


def test_one_module_writes_csv() -> None:
    importers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and any(alias.name == "csv" for alias in node.names)
    }
    assert importers == {"kit/csv_files.py"}
