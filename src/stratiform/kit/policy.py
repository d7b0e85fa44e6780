"""Who asks, and whether their roles allow it: OpenStack's secure defaults (admin, member, reader).

Source: the consistent-and-secure-RBAC goal of OpenStack. A service's `policy.py` names its rules in one
table and calls `require` on the first line of each verb.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from stratiform.kit.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the facts of a validated token. Roles are closed under implication (admin > member > reader)."""

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
        return "admin" in self.roles

    def project(self) -> str:
        """The project of the token. Raises Forbidden where it isn't scoped to one."""
        if self.project_id is None:
            raise Forbidden("this needs a token that is scoped to a project")
        return self.project_id


#: The program itself: background work, the command line on the machine.
SYSTEM = Caller(user_id="stratiform", system=True, roles=frozenset({"admin", "member", "reader"}))

#: Answers whether `caller` may do it to something that belongs to `project_id` (None: to nobody's).
Check = Callable[[Caller, str | None], bool]


def admin(caller: Caller, _project_id: str | None) -> bool:
    """The seller's operator."""
    return caller.is_admin


def admin_or_service(caller: Caller, _project_id: str | None) -> bool:
    """The seller's operator, or a service of OpenStack."""
    return caller.is_admin or "service" in caller.roles


def project_member(caller: Caller, project_id: str | None) -> bool:
    """Whoever may change things in this project, and the operator."""
    return caller.is_admin or ("member" in caller.roles and _inside(caller, project_id))


def project_reader(caller: Caller, project_id: str | None) -> bool:
    """Whoever may look at this project, and the operator."""
    return caller.is_admin or ("reader" in caller.roles and _inside(caller, project_id))


def system_reader(caller: Caller, _project_id: str | None) -> bool:
    """The operator, or an auditor with `reader` on the system."""
    return caller.is_admin or (caller.system and "reader" in caller.roles)


def anyone(_caller: Caller, _project_id: str | None) -> bool:
    """Every valid token."""
    return True


def _inside(caller: Caller, project_id: str | None) -> bool:
    return project_id is not None and caller.project_id == project_id


class Policy:
    """The rules of one service, by name (`os_compute_api:servers:create`)."""

    def __init__(self, rules: dict[str, Check]) -> None:
        self.rules = rules

    def require(self, caller: Caller, rule: str, project_id: str | None) -> None:
        """Raises Forbidden unless `caller` may do `rule` to something of `project_id`."""
        if not self.rules[rule](caller, project_id):
            raise Forbidden(f"Policy doesn't allow {rule} to be performed.")

    def require_visible(self, caller: Caller, rule: str, project_id: str, missing: str) -> None:
        """As `require`, but a stranger is told that there is no such thing. Raises NotFound(`missing`)."""
        if not caller.is_admin and not caller.system and caller.project_id != project_id:
            raise NotFound(missing)
        self.require(caller, rule, project_id)
