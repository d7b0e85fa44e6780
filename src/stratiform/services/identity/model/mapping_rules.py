"""The mapping engine of federation, without I/O: from the attributes of a user at a provider to a user here.

Source: "Mapping Combinations" in Keystone's documentation, and keystone/federation/utils.py.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.errors import Invalid
from stratiform.services.identity.errors import AuthenticationFailed
from stratiform.services.identity.model import JsonObject, ResourceRef

#: The attributes of a user at an identity provider, such as `OIDC-groups`.
Assertion = Mapping[str, Sequence[str]]

_PLACEHOLDER = re.compile(r"\{([0-9]+)\}")
_REMOTE_KEYS = {"type", "any_one_of", "not_any_of", "whitelist", "blacklist", "regex"}
_LOCAL_KEYS = {"user", "group", "groups", "group_ids", "projects", "domain"}


@dataclass(frozen=True, slots=True)
class MappedProject:
    """A project that a user gets, and the names of the roles on it."""

    name: str
    role_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MappedUser:
    """The result of a mapping. `local`: an existing user instead of one of the provider.

    `group_ids` and `group_refs`: the groups of the user. `domain`: of the user's projects; "": the provider's.
    """

    unique_id: str = ""
    name: str = ""
    email: str = ""
    local: ResourceRef | None = None
    group_ids: tuple[str, ...] = ()
    group_refs: tuple[ResourceRef, ...] = ()
    projects: tuple[MappedProject, ...] = ()
    domain: ResourceRef = field(default_factory=ResourceRef)


def validate_rules(rules: Sequence[JsonObject]) -> None:
    """Check the rules of a new mapping. Raises: Invalid."""
    for rule in rules:
        for requirement in rule["remote"]:
            _validate_requirement(requirement)
        for local in rule["local"]:
            unknown = sorted(set(local) - _LOCAL_KEYS)
            if unknown:
                raise Invalid(f"Invalid input for field 'rules': unknown properties in local: {', '.join(unknown)}")
            if "groups" in local and "domain" not in local:
                raise Invalid("Invalid input for field 'rules': `groups` requires `domain` in local")


def map_attributes(rules: Sequence[JsonObject], assertion: Assertion) -> MappedUser:
    """Return the user that results from all rules whose requirements are met.

    Raises: AuthenticationFailed if no rule is met, or none results in a user
    """
    values: list[JsonObject] = []
    for rule in rules:
        matched = _match(rule["remote"], assertion)
        if matched is not None:
            values += [_substitute(local, matched) for local in rule["local"]]
    if not values:
        raise AuthenticationFailed
    return _collect(values, assertion)


def _validate_requirement(requirement: JsonObject) -> None:
    unknown = sorted(set(requirement) - _REMOTE_KEYS)
    if unknown or not isinstance(requirement.get("type"), str):
        raise Invalid(f"Invalid input for field 'rules': invalid requirement in remote: {requirement.get('type')}")
    lists = [name for name in ("any_one_of", "not_any_of", "whitelist", "blacklist") if name in requirement]
    if len(lists) > 1:
        raise Invalid(f"Invalid input for field 'rules': {' and '.join(lists)} are mutually exclusive")
    for name in lists:
        items = requirement[name]
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise Invalid(f"Invalid input for field 'rules': {name} is not a list of strings")
        if requirement.get("regex"):
            _compile_all(items)


def _compile_all(patterns: Iterable[str]) -> None:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise Invalid(f"Invalid input for field 'rules': '{pattern}' is not a regular expression") from error


def _match(requirements: Sequence[JsonObject], assertion: Assertion) -> list[Sequence[str]] | None:
    """Return the values of the requirements that only select values, in order; None if one is not met."""
    selected: list[Sequence[str]] = []
    for requirement in requirements:
        values = [value for value in assertion.get(requirement["type"], ()) if value]
        if not values:
            return None
        is_regex = bool(requirement.get("regex"))
        if requirement.get("any_one_of") is not None:
            if not _filter(values, requirement["any_one_of"], is_regex):
                return None
        elif requirement.get("not_any_of") is not None:
            if _filter(values, requirement["not_any_of"], is_regex):
                return None
        else:
            selected.append(_select(values, requirement, is_regex))
    return selected


def _select(values: Sequence[str], requirement: JsonObject, is_regex: bool) -> Sequence[str]:
    if requirement.get("blacklist") is not None:
        listed = _filter(values, requirement["blacklist"], is_regex)
        return [value for value in values if value not in listed]
    if requirement.get("whitelist") is not None:
        return _filter(values, requirement["whitelist"], is_regex)
    return values


def _filter(values: Sequence[str], listed: Sequence[str], is_regex: bool) -> Sequence[str]:
    if is_regex:
        return [value for value in values if any(re.search(pattern, value) for pattern in listed)]
    return [value for value in values if value in listed]


def _substitute(template: Any, matched: Sequence[Sequence[str]]) -> Any:
    """Replace `{0}` by the first value, and so on. A text that is only `{0}` becomes a list if there are several."""
    if isinstance(template, dict):
        return {key: _substitute(value, matched) for key, value in template.items()}
    if isinstance(template, list):
        return [_substitute(item, matched) for item in template]
    if not isinstance(template, str):
        return template
    only = _PLACEHOLDER.fullmatch(template)
    if only:
        values = _get_values(matched, only)
        return values[0] if len(values) == 1 else list(values)
    return _PLACEHOLDER.sub(lambda match: ";".join(_get_values(matched, match)), template)


def _get_values(matched: Sequence[Sequence[str]], placeholder: re.Match[str]) -> Sequence[str]:
    number = int(placeholder[1])
    if number >= len(matched):
        raise AuthenticationFailed  # the rule refers to a value that it does not select
    return matched[number]


def _collect(values: Sequence[JsonObject], assertion: Assertion) -> MappedUser:
    user: JsonObject = next((value["user"] for value in values if value.get("user")), {})
    group_ids: list[str] = []
    group_refs: list[ResourceRef] = []
    projects: list[MappedProject] = []
    domain = ResourceRef()
    for value in values:
        group = value.get("group") or {}
        if group.get("id"):
            group_ids.append(str(group["id"]))
        elif group:
            group_refs.append(_reference(group, group.get("domain")))
        group_refs += [_reference({"name": name}, value.get("domain")) for name in _list(value.get("groups"))]
        group_ids += _list(value.get("group_ids"))
        projects += [_project(item) for item in value.get("projects") or ()]
        if value.get("projects") and value.get("domain"):
            domain = _reference(value["domain"], None)
    remote_user = next(iter(assertion.get("REMOTE_USER", ())), "")
    name = _text(user.get("name")) or _text(user.get("id")) or remote_user
    unique_id = _text(user.get("id")) or name
    if not unique_id:
        raise AuthenticationFailed
    is_local = user.get("type") == "local"
    return MappedUser(
        unique_id=unique_id,
        name=name,
        email=_text(user.get("email")),
        local=_reference(user, user.get("domain")) if is_local else None,
        group_ids=tuple(dict.fromkeys(group_ids)),
        group_refs=tuple(dict.fromkeys(group_refs)),
        projects=tuple(dict.fromkeys(projects)),
        domain=domain,
    )


def _reference(resource: JsonObject, domain: JsonObject | None) -> ResourceRef:
    domain = domain or {}
    return ResourceRef(
        id=_text(resource.get("id")),
        name=_text(resource.get("name")),
        domain_id=_text(domain.get("id")),
        domain_name=_text(domain.get("name")),
    )


def _project(project: JsonObject) -> MappedProject:
    roles = tuple(_text(role.get("name")) for role in project.get("roles") or ())
    return MappedProject(_text(project.get("name")), roles)


def _list(value: Any) -> list[str]:
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [str(item) for item in items if item]


def _text(value: Any) -> str:
    """Return a text. Raises AuthenticationFailed for several values, of which none can be preferred."""
    if isinstance(value, list):
        raise AuthenticationFailed
    return "" if value is None else str(value)
