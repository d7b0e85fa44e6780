"""Callers and policy rules: OpenStack's secure defaults (admin, member, reader).

A service's `policy.py` declares each rule as a constant; the service function requires it first, and the endpoint
declaration refers to the same constant. Source: the consistent-and-secure-RBAC goal of OpenStack.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stratiform.kit.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of a validated token. Roles include all implied roles (admin > manager > member > reader).

    Only operators have the role `admin` here: a token of an admin of another project or domain counts as a manager's.
    """

    user_id: str
    project_id: str | None = None
    domain_id: str | None = None
    system: bool = False
    roles: frozenset[str] = field(default_factory=frozenset)
    user_name: str = ""
    project_name: str = ""
    user_domain_id: str = "default"
    project_domain_id: str = "default"

    @property
    def is_admin(self) -> bool:
        """Return True for operators."""
        return "admin" in self.roles

    def require_project_id(self) -> str:
        """Return the id of the token's project. Raises Forbidden if the token is not scoped to a project."""
        if self.project_id is None:
            raise Forbidden("This operation requires a project-scoped token.")
        return self.project_id


#: The program itself: background tasks and local commands.
SYSTEM = Caller(user_id="stratiform", system=True, roles=frozenset({"admin", "member", "reader"}))

#: Returns True if `caller` may act on a resource of `project_id` (None: a resource without a project).
Check = Callable[[Caller, str | None], bool]


def admin(caller: Caller, _project_id: str | None) -> bool:
    """Operators of the installation."""
    return caller.is_admin


def admin_or_service(caller: Caller, _project_id: str | None) -> bool:
    """Operators and OpenStack services."""
    return caller.is_admin or "service" in caller.roles


def project_member(caller: Caller, project_id: str | None) -> bool:
    """Members of the project, and operators."""
    return caller.is_admin or ("member" in caller.roles and _inside(caller, project_id))


def project_reader(caller: Caller, project_id: str | None) -> bool:
    """Readers of the project, and operators."""
    return caller.is_admin or ("reader" in caller.roles and _inside(caller, project_id))


def system_reader(caller: Caller, _project_id: str | None) -> bool:
    """Operators, and auditors with `reader` on the system."""
    return caller.is_admin or (caller.system and "reader" in caller.roles)


def project_or_system_reader(caller: Caller, project_id: str | None) -> bool:
    """Readers of the project, operators, and auditors with `reader` on the system."""
    return project_reader(caller, project_id) or system_reader(caller, project_id)


def anyone(_caller: Caller, _project_id: str | None) -> bool:
    """Every valid token."""
    return True


def _inside(caller: Caller, project_id: str | None) -> bool:
    return project_id is not None and caller.project_id == project_id


#: Checks that replace those of rules, by the name of the rule. A process serves one installation.
_overrides: dict[str, Check] = {}


def override_rules(checks: Mapping[str, Check]) -> None:
    """Replace the checks of rules by name; all others have the declared ones."""
    _overrides.clear()
    _overrides.update(checks)


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy rule: OpenStack's name for it, the check, and what it allows in one line of documentation."""

    name: str
    check: Check = field(repr=False)
    description: str = field(default="", compare=False)

    def allows(self, caller: Caller, project_id: str | None) -> bool:
        """Return True if `caller` may do this to a resource of `project_id`."""
        return _overrides.get(self.name, self.check)(caller, project_id)

    @property
    def is_overridden(self) -> bool:
        return self.name in _overrides

    def allows_some_resource(self, caller: Caller) -> bool:
        """Return False if no resource exists to which `caller` may do this."""
        targets = (caller.project_id, caller.user_id, caller.domain_id, None)
        return any(self.allows(caller, target) for target in targets)

    def require(self, caller: Caller, project_id: str | None) -> None:
        """Raises Forbidden unless `caller` may do this to a resource of `project_id`."""
        if not self.allows(caller, project_id):
            raise self.build_forbidden_error()

    def require_visible(self, caller: Caller, project_id: str, not_found: NotFound) -> None:
        """As `require`, but a caller of another project gets `not_found`: resource ids are not revealed."""
        if not caller.is_admin and not caller.system and caller.project_id != project_id:
            raise not_found
        self.require(caller, project_id)

    def build_forbidden_error(self) -> Forbidden:
        """Return the error for a caller whose roles are not sufficient."""
        return Forbidden(f"Policy doesn't allow {self.name} to be performed.")


def list_declared_rules(module: Mapping[str, object]) -> tuple[Rule, ...]:
    """Return every rule that a policy module declares as a constant, in order of declaration."""
    return tuple(value for value in module.values() if isinstance(value, Rule))
