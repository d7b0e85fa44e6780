"""Policy rules with Keystone's names and secure defaults. Source: keystone/common/policies."""

from dataclasses import dataclass

from stratiform.kit.errors import Forbidden, NotFound
from stratiform.kit.policy import Caller, Rule, admin, anyone, list_declared_rules, system_reader
from stratiform.services.identity.errors import ForbiddenAction


@dataclass(frozen=True, slots=True)
class IdentityRule(Rule):
    """A rule whose target is a user, a project or a domain, with Keystone's error message."""

    def require(self, caller: Caller, project_id: str | None = None) -> None:
        """Check the rule against a target id (None: no target).

        Raises: ForbiddenAction
        """
        if not self.allows(caller, project_id):
            raise self.build_forbidden_error()

    def require_own(self, caller: Caller, target_id: str, not_found: NotFound) -> None:
        """Check the rule, and hide the existence of targets outside the scope of the caller's token.

        Raises: `not_found`, ForbiddenAction
        """
        if not self.allows(caller, target_id) and target_id not in _own_ids(caller):
            raise not_found
        self.require(caller, target_id)

    def build_forbidden_error(self) -> Forbidden:
        return ForbiddenAction(self.name)


def _own_ids(caller: Caller) -> set[str | None]:
    project_domain_id = caller.project_domain_id if caller.project_id else None
    return {caller.user_id, caller.project_id, caller.domain_id, project_domain_id}


def system_reader_or_owner(caller: Caller, target_id: str | None) -> bool:
    """System readers, and tokens of the target user or scoped to the target project or domain."""
    return system_reader(caller, target_id) or (target_id is not None and target_id in _own_ids(caller))


def admin_or_owner(caller: Caller, user_id: str | None) -> bool:
    """Administrators and the user."""
    return caller.is_admin or caller.user_id == user_id


def owner(caller: Caller, user_id: str | None) -> bool:
    """The user. Administrators are excluded because an application credential acts as its user."""
    return caller.user_id == user_id


def system_reader_or_service_or_token_subject(caller: Caller, user_id: str | None) -> bool:
    """System readers, OpenStack services, and the user of the token."""
    return system_reader(caller, user_id) or "service" in caller.roles or caller.user_id == user_id


GET_AUTH_CATALOG = IdentityRule("identity:get_auth_catalog", anyone, "Get the service catalog of the token")
GET_AUTH_PROJECTS = IdentityRule("identity:get_auth_projects", anyone, "List the projects available to the user")
GET_AUTH_DOMAINS = IdentityRule("identity:get_auth_domains", anyone, "List the domains available to the user")
GET_AUTH_SYSTEM = IdentityRule("identity:get_auth_system", anyone, "List the system scopes available to the user")
VALIDATE_TOKEN = IdentityRule(
    "identity:validate_token", system_reader_or_service_or_token_subject, "Validate and show a token"
)
REVOKE_TOKEN = IdentityRule("identity:revoke_token", admin_or_owner, "Revoke a token")

LIST_PROJECTS = IdentityRule("identity:list_projects", system_reader, "List projects")
GET_PROJECT = IdentityRule("identity:get_project", system_reader_or_owner, "Show a project")
CREATE_PROJECT = IdentityRule("identity:create_project", admin, "Create a project")
UPDATE_PROJECT = IdentityRule("identity:update_project", admin, "Update a project")
DELETE_PROJECT = IdentityRule("identity:delete_project", admin, "Delete a project")
LIST_USER_PROJECTS = IdentityRule("identity:list_user_projects", system_reader_or_owner, "List the projects of a user")

LIST_PROJECT_TAGS = IdentityRule("identity:list_project_tags", system_reader_or_owner, "List the tags of a project")
GET_PROJECT_TAG = IdentityRule("identity:get_project_tag", system_reader_or_owner, "Check if a project has a tag")
UPDATE_PROJECT_TAGS = IdentityRule("identity:update_project_tags", admin, "Replace the tags of a project")
CREATE_PROJECT_TAG = IdentityRule("identity:create_project_tag", admin, "Add a tag to a project")
DELETE_PROJECT_TAGS = IdentityRule("identity:delete_project_tags", admin, "Remove all tags from a project")
DELETE_PROJECT_TAG = IdentityRule("identity:delete_project_tag", admin, "Remove a tag from a project")

LIST_DOMAINS = IdentityRule("identity:list_domains", system_reader, "List domains")
GET_DOMAIN = IdentityRule("identity:get_domain", system_reader_or_owner, "Show a domain")
CREATE_DOMAIN = IdentityRule("identity:create_domain", admin, "Create a domain")
UPDATE_DOMAIN = IdentityRule("identity:update_domain", admin, "Update a domain")
DELETE_DOMAIN = IdentityRule("identity:delete_domain", admin, "Delete a domain")

LIST_USERS = IdentityRule("identity:list_users", system_reader, "List users")
GET_USER = IdentityRule("identity:get_user", system_reader_or_owner, "Show a user")
CREATE_USER = IdentityRule("identity:create_user", admin, "Create a user")
UPDATE_USER = IdentityRule("identity:update_user", admin, "Update a user")
DELETE_USER = IdentityRule("identity:delete_user", admin, "Delete a user")

LIST_GROUPS = IdentityRule("identity:list_groups", system_reader, "List groups")
LIST_GROUPS_FOR_USER = IdentityRule("identity:list_groups_for_user", system_reader_or_owner, "List a user's groups")
GET_GROUP = IdentityRule("identity:get_group", system_reader, "Show a group")
CREATE_GROUP = IdentityRule("identity:create_group", admin, "Create a group")
UPDATE_GROUP = IdentityRule("identity:update_group", admin, "Update a group")
DELETE_GROUP = IdentityRule("identity:delete_group", admin, "Delete a group")
LIST_USERS_IN_GROUP = IdentityRule("identity:list_users_in_group", system_reader, "List the members of a group")
CHECK_USER_IN_GROUP = IdentityRule("identity:check_user_in_group", system_reader, "Check whether a user is in a group")
ADD_USER_TO_GROUP = IdentityRule("identity:add_user_to_group", admin, "Add a user to a group")
REMOVE_USER_FROM_GROUP = IdentityRule("identity:remove_user_from_group", admin, "Remove a user from a group")

LIST_ROLES = IdentityRule("identity:list_roles", system_reader, "List roles")
GET_ROLE = IdentityRule("identity:get_role", system_reader, "Show a role")
CREATE_ROLE = IdentityRule("identity:create_role", admin, "Create a role")
UPDATE_ROLE = IdentityRule("identity:update_role", admin, "Update a role")
DELETE_ROLE = IdentityRule("identity:delete_role", admin, "Delete a role")
LIST_IMPLIED_ROLES = IdentityRule("identity:list_implied_roles", system_reader, "List the roles that a role implies")
GET_IMPLIED_ROLE = IdentityRule("identity:get_implied_role", system_reader, "Show the relation of two roles")
CREATE_IMPLIED_ROLE = IdentityRule("identity:create_implied_role", admin, "Make a role imply another role")
DELETE_IMPLIED_ROLE = IdentityRule("identity:delete_implied_role", admin, "Remove an implied role from a role")
LIST_ROLE_INFERENCE_RULES = IdentityRule(
    "identity:list_role_inference_rules", system_reader, "List all relations of prior and implied roles"
)

CHECK_GRANT = IdentityRule("identity:check_grant", system_reader, "Check a role assignment")
LIST_GRANTS = IdentityRule("identity:list_grants", system_reader, "List the roles of an actor on a target")
CREATE_GRANT = IdentityRule("identity:create_grant", admin, "Assign a role")
REVOKE_GRANT = IdentityRule("identity:revoke_grant", admin, "Remove a role assignment")
LIST_ROLE_ASSIGNMENTS = IdentityRule("identity:list_role_assignments", system_reader, "List role assignments")

LIST_SERVICES = IdentityRule("identity:list_services", system_reader, "List services")
GET_SERVICE = IdentityRule("identity:get_service", system_reader, "Show a service")
CREATE_SERVICE = IdentityRule("identity:create_service", admin, "Create a service")
UPDATE_SERVICE = IdentityRule("identity:update_service", admin, "Update a service")
DELETE_SERVICE = IdentityRule("identity:delete_service", admin, "Delete a service")

LIST_ENDPOINTS = IdentityRule("identity:list_endpoints", system_reader, "List endpoints")
GET_ENDPOINT = IdentityRule("identity:get_endpoint", system_reader, "Show an endpoint")
CREATE_ENDPOINT = IdentityRule("identity:create_endpoint", admin, "Create an endpoint")
UPDATE_ENDPOINT = IdentityRule("identity:update_endpoint", admin, "Update an endpoint")
DELETE_ENDPOINT = IdentityRule("identity:delete_endpoint", admin, "Delete an endpoint")

LIST_REGIONS = IdentityRule("identity:list_regions", anyone, "List regions")
GET_REGION = IdentityRule("identity:get_region", anyone, "Show a region")
CREATE_REGION = IdentityRule("identity:create_region", admin, "Create a region")
UPDATE_REGION = IdentityRule("identity:update_region", admin, "Update a region")
DELETE_REGION = IdentityRule("identity:delete_region", admin, "Delete a region")

LIST_APPLICATION_CREDENTIALS = IdentityRule(
    "identity:list_application_credentials", system_reader_or_owner, "List the application credentials of a user"
)
GET_APPLICATION_CREDENTIAL = IdentityRule(
    "identity:get_application_credential", system_reader_or_owner, "Show an application credential"
)
CREATE_APPLICATION_CREDENTIAL = IdentityRule(
    "identity:create_application_credential", owner, "Create an application credential"
)
DELETE_APPLICATION_CREDENTIAL = IdentityRule(
    "identity:delete_application_credential", admin_or_owner, "Delete an application credential"
)
LIST_ACCESS_RULES = IdentityRule("identity:list_access_rules", system_reader_or_owner, "List a user's access rules")

RULES = list_declared_rules(globals())
