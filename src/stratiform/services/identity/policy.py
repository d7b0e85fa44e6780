"""Who may do what, by Keystone's rule names and secure defaults. Source: keystone/common/policies."""

from stratiform.kit.policy import Caller, Check, Policy, admin, anyone, system_reader
from stratiform.services.identity.errors import Denied, NoSuch


class IdentityPolicy(Policy):
    """As kit's, in Keystone's words. What is asked about (`target`) is a user, a project or a domain here."""

    def require(self, caller: Caller, rule: str, project_id: str | None = None) -> None:
        """Raises Denied unless `caller` may do `rule` to `project_id`, which is whatever the rule speaks of."""
        if not self.rules[rule](caller, project_id):
            raise Denied(rule)

    def require_own(self, caller: Caller, rule: str, kind: str, key: str) -> None:
        """As `require`, but what is not the caller's own is told not to be there. Raises NoSuch."""
        if not self.rules[rule](caller, key) and key not in _own(caller):
            raise NoSuch(kind, key)
        self.require(caller, rule, key)


def _own(caller: Caller) -> set[str | None]:
    domain_of_project = caller.project_domain_id if caller.project_id else None
    return {caller.user_id, caller.project_id, caller.domain_id, domain_of_project}


def own(caller: Caller, target: str | None) -> bool:
    """The user, the project or the domain of the token itself, and those who may look at everything."""
    return system_reader(caller, target) or (target is not None and target in _own(caller))


def owner(caller: Caller, target: str | None) -> bool:
    """The user, and the operator."""
    return caller.is_admin or caller.user_id == target


def owner_alone(caller: Caller, target: str | None) -> bool:
    """Not even the operator: an application credential acts in its user's name."""
    return caller.user_id == target


def own_or_service(caller: Caller, target: str | None) -> bool:
    """Whoever holds the token, other services, and those who may look at everything."""
    return system_reader(caller, target) or "service" in caller.roles or caller.user_id == target


def _rules(check: Check, *names: str) -> dict[str, Check]:
    return {f"identity:{name}": check for name in names}


policy = IdentityPolicy(
    _rules(anyone, "get_auth_catalog", "get_auth_projects", "get_auth_domains", "get_auth_system")
    | _rules(anyone, "get_region", "list_regions")
    | _rules(own, "get_project", "get_domain", "get_user")
    | _rules(own, "list_user_projects", "list_groups_for_user")
    | _rules(own, "list_application_credentials", "get_application_credential")
    | _rules(owner, "delete_application_credential")
    | _rules(owner_alone, "create_application_credential")
    | _rules(own_or_service, "validate_token")
    | _rules(owner, "revoke_token")
    | _rules(system_reader, "list_projects", "list_domains", "list_users", "list_groups", "get_group")
    | _rules(system_reader, "list_users_in_group", "check_user_in_group")
    | _rules(system_reader, "get_role", "list_roles", "list_implied_roles", "get_implied_role")
    | _rules(system_reader, "list_role_inference_rules")
    | _rules(system_reader, "check_grant", "list_grants", "list_role_assignments")
    | _rules(system_reader, "list_services", "get_service", "list_endpoints", "get_endpoint")
    | _rules(admin, "create_project", "update_project", "delete_project", "update_project_tags")
    | _rules(admin, "create_domain", "update_domain", "delete_domain")
    | _rules(admin, "create_user", "update_user", "delete_user")
    | _rules(admin, "create_group", "update_group", "delete_group", "add_user_to_group", "remove_user_from_group")
    | _rules(admin, "create_role", "update_role", "delete_role", "create_implied_role", "delete_implied_role")
    | _rules(admin, "create_grant", "revoke_grant")
    | _rules(admin, "create_service", "update_service", "delete_service")
    | _rules(admin, "create_endpoint", "update_endpoint", "delete_endpoint")
    | _rules(admin, "create_region", "update_region", "delete_region")
)
