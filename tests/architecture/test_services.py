"""What every service keeps to: the same few files, SQL in repositories, one transaction a request, rules asked."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import stratiform
from stratiform.kit.policy import Rule

ROOT = Path(stratiform.__file__).parent
SERVICES = sorted(path.parent for path in (ROOT / "services").glob("*/policy.py"))
TREES = {path: ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}

#: ARCHITECTURE.md, "The same few files in every room".
ROOMS = {"__init__", "manifest", "errors", "model", "tables", "repository", "policy", "events", "service", "tasks"}

#: What a service is besides: an engine, a format.
MORE = {
    "rating": {"engines", "plan_documents", "plan_files"},
    "billing": {"document_format", "renderer"},
}

#: Verbs that wait for a cloud, a disk or a hash, and so open short transactions of their own around the waiting.
OPEN_THEIR_OWN = {
    "audit/service/audits.py",
    "clouds/service/accounts.py",
    "clouds/service/connections.py",
    "image/service/image_copies.py",
    "image/service/image_data.py",
    "network/service/native_subnets.py",
    "network/service/subnets.py",
}


def files(room: str = "") -> Iterator[tuple[str, ast.Module]]:
    """Every file of a service, or of one room in each, by its path from the folder of services."""
    for path, tree in TREES.items():
        place = path.relative_to(ROOT).parts
        if place[0] == "services" and len(place) > 2 and room in ("", place[2].removesuffix(".py")):
            yield "/".join(place[1:]), tree


def called(tree: ast.Module) -> set[tuple[str, str]]:
    """The methods that are called, each with the name before it: `("database", "transaction")`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value
            found.add((getattr(of, "attr", getattr(of, "id", "")).removeprefix("_"), node.func.attr))
    return found


def test_a_service_has_the_files_that_every_service_has() -> None:
    assert len(SERVICES) == 12
    for service in SERVICES:
        there = {path.stem for path in service.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert there <= ROOMS | MORE.get(service.name, set()), service.name


def test_sql_is_in_repositories() -> None:
    for path, tree in files():
        if path.split("/")[1].removesuffix(".py") in ("repository", "tables"):
            continue
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        names |= {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
        assert not [name for name in names if name.split(".")[0] == "sqlalchemy"], path


def test_nobody_commits() -> None:
    for path, tree in files():
        assert "commit" not in {method for _, method in called(tree)}, path


def test_only_verbs_that_wait_open_a_transaction() -> None:
    opens = {("database", "transaction"), ("database", "snapshot")}
    assert {path for path, tree in files("service") if called(tree) & opens} == OPEN_THEIR_OWN


def test_every_rule_of_a_policy_is_asked() -> None:
    """A rule that nobody asks for is a promise that nobody keeps."""
    trees = [tree for path, tree in TREES.items() if path.name != "policy.py"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    for service in SERVICES:
        module = importlib.import_module(f"stratiform.services.{service.name}.policy")
        constants = {name: rule for name, rule in vars(module).items() if isinstance(rule, Rule)}
        unused = [name for name, rule in constants.items() if name not in attributes and not _said(rule.name, texts)]
        assert unused == [], service.name
        if hasattr(module, "RULES"):
            continue
        said = texts | {value for name, value in vars(module).items() if name in names and isinstance(value, str)}
        assert [rule for rule in module.policy.rules if not _said(rule, said)] == [], service.name


def _said(rule: str, said: set[str]) -> bool:
    """As a whole, or as a beginning and an end that are put together."""
    return rule in said or any(rule[:at] in said and rule[at:] in said for at in range(1, len(rule)))
