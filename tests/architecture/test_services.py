"""The rules that every service keeps: its files, SQL in repositories, transactions, composition, policy rules."""

import ast
import importlib
from collections.abc import Iterator

from stratiform.kit.policy import Rule
from support.source import ROOT, aliases, imports, module_name, modules, references

SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/manifest.py"))

#: The files (or folders) of a service; see "A service is declared once" in the architecture.
FILES = {"__init__", "manifest", "errors", "model", "tables", "repository", "policy", "events", "service", "tasks"}

#: Files of one service: engines and file formats that are neither model nor service.
ADDITIONAL_FILES = {
    "rating": {"engines", "plan_version_documents", "plan_files"},
    "billing": {"document_json", "fonts", "renderer"},
    "image": {"stores"},
    "ingest": {"parsing"},
}

#: Operations that wait for a cloud, a disk or a hash, with short transactions of their own before and after.
TRANSACTION_OWNERS = {
    "identity/service/account_lockout.py",
    "identity/service/authentication.py",
    "identity/service/directories.py",
    "identity/service/federation.py",
    "identity/service/keystone_tokens.py",
    "identity/service/password_changes.py",
    "audit/service/audit_runs.py",
    "clouds/service/cloud_accounts.py",
    "clouds/service/connections.py",
    "clouds/service/credential_checks.py",
    "compute/service/sweeps.py",
    "image/service/image_copies.py",
    "image/service/image_data.py",
    "image/service/image_transfers.py",
    "image/service/location_imports.py",
    "network/service/cloud_objects.py",
    "network/service/native_subnets.py",
    "network/service/subnets.py",
}


def service_modules(file: str = "") -> Iterator[tuple[str, ast.Module]]:
    """Yield the modules of all services, or those in the file or folder `file` of each."""
    for path, tree in modules().items():
        components = path.split("/")
        if components[0] == "services" and len(components) > 2 and file in ("", components[2].removesuffix(".py")):
            yield "/".join(components[1:]), tree


def called_methods(tree: ast.Module) -> set[tuple[str, str]]:
    """Return the methods that a module calls, each with the last name before it: `("database", "transaction")`."""
    methods = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            target = node.func.value
            methods.add((getattr(target, "attr", getattr(target, "id", "")).removeprefix("_"), node.func.attr))
    return methods


def test_services_have_the_same_files() -> None:
    assert len(SERVICES) >= 12
    for service in SERVICES:
        folder = ROOT / "services" / service
        files = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert files - FILES == ADDITIONAL_FILES.get(service, set()), service


def test_sql_is_in_repositories_and_tables() -> None:
    for path, tree in service_modules():
        if path.split("/")[1].removesuffix(".py") not in ("repository", "tables"):
            assert not [name for name in imports(tree) if name.split(".")[0] == "sqlalchemy"], path


def test_services_do_not_commit() -> None:
    for path, tree in service_modules():
        assert "commit" not in {method for _, method in called_methods(tree)}, path


def test_only_operations_that_wait_open_transactions() -> None:
    transactions = {("database", "transaction"), ("database", "read_transaction")}
    assert {path for path, tree in service_modules("service") if called_methods(tree) & transactions} == (
        TRANSACTION_OWNERS
    )


def test_services_are_composed_without_inheritance() -> None:
    assert [f"{path}: {name}" for path, tree in service_modules("service") for name in inheriting_classes(tree)] == []


def inheriting_classes(tree: ast.Module) -> Iterator[str]:
    """Yield the classes of a module that inherit from a class of the project."""
    local = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    imported = aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).split("[")[0].split(".")[0] for base in node.bases]
            if any(base in local or imported.get(base, "").startswith("stratiform.") for base in bases):
                yield node.name


def test_every_policy_rule_is_used() -> None:
    policies = {service: importlib.import_module(f"stratiform.services.{service}.policy") for service in SERVICES}
    names = {module.__name__ for module in policies.values()}
    used = {name for path, tree in modules().items() if module_name(path) not in names for name in references(tree)}
    unused = []
    for module in policies.values():
        rules = [name for name, value in vars(module).items() if isinstance(value, Rule)]
        assert rules, module.__name__
        if not hasattr(module, "policy"):  # services that still refer to rules by their names
            unused += [f"{module.__name__}.{rule}" for rule in rules if f"{module.__name__}.{rule}" not in used]
    assert unused == []
