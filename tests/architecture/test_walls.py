"""Walls that import-linter can't express."""

import ast
from pathlib import Path

import stratiform

ROOT = Path(stratiform.__file__).parent
DOORS = {"service", "model", "events", "errors", "policy"}
SDKS = {"boto3", "botocore", "cs", "openstack", "yandexcloud", "libvirt"}


def imports(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_a_service_is_entered_through_its_doors() -> None:
    broken = []
    for file in ROOT.rglob("*.py"):
        place = file.relative_to(ROOT).parts
        if place[0] in ("app", "migrations"):
            continue
        for name in imports(file):
            parts = name.split(".")
            if parts[:2] != ["stratiform", "services"] or len(parts) < 4 or parts[2] == "manifest":
                continue
            own = place[:2] == ("services", parts[2])
            if not own and parts[3] not in DOORS:
                broken.append(f"{file.relative_to(ROOT)} imports {name}")
    assert broken == []


def test_a_cloud_sdk_is_imported_in_its_connectors_client_only() -> None:
    broken = [
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        if file.name != "client.py" and {name.split(".")[0] for name in imports(file)} & SDKS
    ]
    assert broken == []


def test_files_and_functions_stay_small() -> None:
    long_files, long_functions = [], []
    for file in ROOT.rglob("*.py"):
        if "versions" in file.parts:
            continue
        text = file.read_text()
        if text.count("\n") > 400:
            long_files.append(str(file.relative_to(ROOT)))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > 60:
                    long_functions.append(f"{file.relative_to(ROOT)}:{node.name} {length}")
    assert long_files == []
    assert long_functions == []
