"""Overrides of policy rules in a file of oslo.policy: YAML or JSON, with the names of OpenStack's rules.

Expressions are parsed and evaluated by oslo.policy. A file that oslo.policy would only partly understand, and would
then refuse what its author wants to allow, is rejected. Source: oslo.policy's administrator guide, "policy.yaml".
"""

from ast import literal_eval
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from stratiform.kit.errors import Invalid
from stratiform.kit.policy import Caller, Check, Rule

#: Rules without an endpoint that the services define, and that expressions refer to.
_COMMON_RULES = {
    "admin_api": "is_admin:True",
    "admin_only": "is_admin:True",
    "admin_required": "is_admin:True",
    "admin_or_owner": "is_admin:True or project_id:%(project_id)s",
    "admin_or_service": "is_admin:True or role:service",
    "context_is_admin": "is_admin:True",
    "context_is_advsvc": "role:service",
    "owner": "user_id:%(user_id)s",
    "project_member": "role:member and project_id:%(project_id)s",
    "project_member_api": "role:member and project_id:%(project_id)s",
    "project_member_or_admin": "is_admin:True or (role:member and project_id:%(project_id)s)",
    "project_reader": "role:reader and project_id:%(project_id)s",
    "project_reader_api": "role:reader and project_id:%(project_id)s",
    "project_reader_or_admin": "is_admin:True or (role:reader and project_id:%(project_id)s)",
    "regular_user": "",
    "service_api": "role:service",
    "service_role": "role:service",
    "system_admin_api": "role:admin and system_scope:all",
    "system_reader_api": "role:reader and system_scope:all",
    "xena_system_admin_or_project_member": "is_admin:True or (role:member and project_id:%(project_id)s)",
    "xena_system_admin_or_project_reader": "is_admin:True or (role:reader and project_id:%(project_id)s)",
}

#: Names of the id that a rule is checked against. Which resource it belongs to depends on the rule.
_TARGET_NAMES = (
    "project_id",
    "tenant_id",
    "owner",
    "user_id",
    "domain_id",
    "target.project.id",
    "target.user.id",
    "target.domain.id",
    "target.user.domain_id",
    "target.group.domain_id",
    "target.project.domain_id",
    "target.role.domain_id",
    "target.token.user_id",
    "target.credential.user_id",
    "user.id",
)

#: Attributes of callers.
_CREDENTIALS = (
    "user_id",
    "project_id",
    "tenant_id",
    "domain_id",
    "user_domain_id",
    "project_domain_id",
    "system_scope",
    "is_admin",
)

#: Kinds of checks that call another server for each request.
_REMOTE_KINDS = ("http", "https")

#: The key of the caller in oslo.policy's credentials, for rules that are not overridden.
_CALLER = "stratiform_caller"


def load_policy_file(path: Path, rules: Iterable[Rule]) -> dict[str, Check]:
    """Return the checks that replace those of `rules`, by the name of the rule.

    Raises: Invalid if the file is missing, is not YAML, names a rule that does not exist, or has an expression that
    is not valid
    """
    declared = {rule.name: rule for rule in rules}
    expressions = _read_file(path)
    checks = {name: _parse_expression(path, name, text) for name, text in expressions.items()}
    defaults = {name: _parse_expression(path, name, text) for name, text in _COMMON_RULES.items()}
    helpers = {name for check in checks.values() for name in _list_references(check)}
    for name in expressions:
        if name not in declared and name not in defaults and name not in helpers:
            near = get_close_matches(name, declared, 1)
            hint = f"did you mean {near[0]}?" if near else "docs/reference/endpoints.md lists all rules"
            raise Invalid(f"{path}: unknown rule '{name}'", hint=hint)
    effective = {**{name: _build_default_check(rule) for name, rule in declared.items()}, **defaults, **checks}
    for name, check in checks.items():
        _check_references(path, name, check, effective)
    enforcer = _Rules(effective)
    return {name: enforcer.build_check(name) for name in checks if name in declared}


def _read_file(path: Path) -> dict[str, Any]:
    from oslo_policy.policy import parse_file_contents  # takes 0.3 s to import

    try:
        content: object = parse_file_contents(path.read_text())
    except OSError as error:
        raise Invalid(f"policy_file {path}: {error.strerror}") from error
    except ValueError as error:  # also UnicodeDecodeError
        raise Invalid(f"policy_file {path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise Invalid(f"policy_file {path}: expected a mapping of rules to expressions")
    return content


def _parse_expression(path: Path, name: str, text: object) -> Any:
    """Return oslo.policy's check. Raises: Invalid if it has a check that oslo.policy did not understand."""
    from oslo_policy.policy import Rules

    if not isinstance(text, str):
        raise Invalid(f"{path}: rule '{name}' is not a string")
    check: Any = Rules.from_dict({name: text})[name]
    leaves = list(_list_leaves(check))
    denials = text.replace("(", " ").replace(")", " ").split().count("!")
    if sum(str(leaf) == "!" for leaf in leaves) != denials:
        raise Invalid(f"{path}: rule '{name}' has a syntax error: {text!r}")
    for leaf in leaves:
        if problem := _find_problem(leaf):
            raise Invalid(f"{path}: rule '{name}': {problem}")
    return check


def _find_problem(leaf: Any) -> str:
    """Return why a check would never succeed, or would fail; "" if it is valid."""
    kind, match = getattr(leaf, "kind", ""), getattr(leaf, "match", "")
    if kind in _REMOTE_KINDS:
        return f"checks of the kind {kind} are not supported"
    if kind not in ("", "role", "rule", *_CREDENTIALS) and not _is_literal(kind):
        return f"unknown attribute of callers '{kind}'"
    try:
        match % dict.fromkeys(_TARGET_NAMES, "")
    except KeyError as error:
        return f"unknown attribute of resources {error}"
    except (TypeError, ValueError) as error:
        return f"invalid text '{match}': {error}"
    return ""


def _is_literal(text: str) -> bool:
    try:
        literal_eval(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _list_leaves(check: Any) -> Iterator[Any]:
    """Yield the checks that a tree of `and`, `or` and `not` consists of."""
    if hasattr(check, "rules"):
        for child in check.rules:
            yield from _list_leaves(child)
    elif hasattr(check, "rule"):
        yield from _list_leaves(check.rule)
    else:
        yield check


def _list_references(check: Any) -> list[str]:
    """Return the names of other rules in a check."""
    return [leaf.match for leaf in _list_leaves(check) if getattr(leaf, "kind", "") == "rule"]


def _check_references(
    path: Path, name: str, check: Any, effective: Mapping[str, Any], visited: Collection[str] = ()
) -> None:
    """Raises: Invalid for a reference to a rule that does not exist, and for a cycle."""
    for reference in _list_references(check):
        if reference not in effective:
            raise Invalid(f"{path}: rule '{name}' refers to the unknown rule '{reference}'")
        if reference in (name, *visited):
            raise Invalid(f"{path}: rule '{name}' refers to itself")
        _check_references(path, name, effective[reference], effective, (*visited, reference))


def _build_default_check(rule: Rule) -> Any:
    """Return a check of oslo.policy for a rule that is not overridden."""
    from oslo_policy.policy import Check as OsloCheck

    class DefaultCheck(OsloCheck):
        def __call__(self, target: Any, creds: Any, enforcer: Any, current_rule: str | None = None) -> bool:  # noqa: ARG002
            return rule.check(creds[_CALLER], target.get("project_id"))

    return DefaultCheck("default", rule.name)


class _Rules:
    """What oslo.policy's checks use of an enforcer: all rules by name."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self.rules = rules

    def build_check(self, name: str) -> Check:
        def check(caller: Caller, target_id: str | None) -> bool:
            return bool(self.rules[name](_build_target(caller, target_id), _build_credentials(caller), self, name))

        return check


def _build_target(caller: Caller, target_id: str | None) -> dict[str, str]:
    """Return the attributes of a resource. One of no project has those of the caller, as in Nova."""
    if target_id is not None:
        return dict.fromkeys(_TARGET_NAMES, target_id)
    values = {"project_id": caller.project_id, "tenant_id": caller.project_id, "owner": caller.project_id}
    values |= {"user_id": caller.user_id, "domain_id": caller.domain_id}
    return {name: value for name, value in values.items() if value}


def _build_credentials(caller: Caller) -> dict[str, Any]:
    """Return the attributes of a caller; missing ones equal no attribute of a resource."""
    values = {
        "user_id": caller.user_id,
        "project_id": caller.project_id,
        "tenant_id": caller.project_id,
        "domain_id": caller.domain_id,
        "user_domain_id": caller.user_domain_id,
        "project_domain_id": caller.project_domain_id,
        "system_scope": "all" if caller.system else None,
    }
    attributes = {name: value for name, value in values.items() if value}
    return attributes | {"roles": sorted(caller.roles), "is_admin": caller.is_admin, _CALLER: caller}
