"""Limits for the sizes of files and functions."""

import ast
from pathlib import Path

from support.source import ROOT, modules

TESTS = Path(__file__).parents[1]

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def test_files_are_small() -> None:
    lines = {path: (ROOT / path).read_text().count("\n") for path in modules()}
    assert {path: count for path, count in lines.items() if count > MAX_FILE_LINES and "versions" not in path} == {}


def test_test_files_are_small() -> None:
    lines = {str(path.relative_to(TESTS)): path.read_text().count("\n") for path in TESTS.rglob("*.py")}
    assert {path: count for path, count in lines.items() if count > MAX_FILE_LINES} == {}


def test_functions_are_small() -> None:
    violations = [
        f"{path}: {node.name}"
        for path, tree in modules().items()
        if "versions" not in path
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert violations == []
