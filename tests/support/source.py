"""The syntax trees of the package's modules, for tests of the architecture."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import stratiform

ROOT = Path(stratiform.__file__).parent


@cache
def parse(path: Path) -> ast.Module:
    """Return the tree of a file; it is parsed once per process."""
    return ast.parse(path.read_text())


def modules() -> Mapping[str, ast.Module]:
    """Return the tree of each module by its path below the package (`services/volume/policy.py`)."""
    return {str(path.relative_to(ROOT)): parse(path) for path in sorted(ROOT.rglob("*.py"))}


def module_name(path: str) -> str:
    """Return the dotted name of a module."""
    return ".".join(("stratiform", *path.removesuffix(".py").removesuffix("/__init__").split("/")))


def imports(tree: ast.Module) -> set[str]:
    """Return the dotted names that a module imports, of modules and of their members."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def aliases(tree: ast.Module) -> dict[str, str]:
    """Return what each imported name of a module refers to: `{"policy": "stratiform.services.volume.policy"}`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return names


def references(tree: ast.Module) -> Iterator[str]:
    """Yield the dotted name of each attribute (`policy.CREATE`) and name that a module refers to by an import."""
    imported = aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in imported:
            yield imported[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported:
            yield f"{imported[node.value.id]}.{node.attr}"
