"""Policy rules with Keystone's names and secure defaults. Source: keystone/common/policies."""

from dataclasses import dataclass, field, replace

from stratiform.kit.errors import Forbidden, NotFound
from stratiform.kit.policy import (
    Caller,
    Check,
    Rule,
    admin,
    admin_or_service,
    anyone,
    list_declared_rules,
    system_reader,
)
from stratiform.services.identity.errors import ForbiddenAction
from stratiform.services.identity.model import ListQuery

#: Roles on a domain that suffice for rules with `domain_role`.
_READER, _MANAGER = "reader", "manager"


@dataclass(frozen=True, slots=True)
class IdentityRule(Rule):
    """A rule whose target is a user, a project or a domain, with Keystone's error message.

    `domain_role`: the role on the domain of the target that suffices too; empty if none does.
    """

    domain_role: str = field(default="", compare=False)

    def allows_in_domain(self, caller: Caller, domain_id: str | None) -> bool:
        """Return True if the caller's token is scoped to the domain, with the role that suffices."""
        if self.is_overridden:
            return domain_id is not None and self.allows(caller, domain_id)
        is_own = domain_id is not None and domain_id == caller.domain_id
        return is_own and bool(self.domain_role) and self.domain_role in caller.roles

    def allows_some_resource(self, caller: Caller) -> bool:
        return Rule.allows_some_resource(self, caller) or self.allows_in_domain(caller, caller.domain_id)

    def require(self, caller: Caller, project_id: str | None = None, *, domain_id: str | None = None) -> None:
        """Check the rule against a target id (None: no target) in a domain.

        Raises: ForbiddenAction
        """
        if not self.allows(caller, project_id) and not self.allows_in_domain(caller, domain_id):
            raise self.build_forbidden_error()

    def require_own(
        self, caller: Caller, target_id: str | None, not_found: NotFound, *, domain_id: str | None = None
    ) -> None:
        """Check the rule, and hide the existence of targets outside the scope of the caller's token.

        Raises: `not_found`, ForbiddenAction
        """
        if self.allows(caller, target_id) or self.allows_in_domain(caller, domain_id):
            return
        is_visible = (target_id is not None and target_id in _own_ids(caller)) or (
            domain_id is not None and domain_id == caller.domain_id
        )
        raise self.build_forbidden_error() if is_visible else not_found

    def limit_to_domain(self, caller: Caller, query: ListQuery, column: str = "domain_id") -> ListQuery:
        """Return the query of a list; if the caller may not list all domains, it is limited to the caller's.

        Raises: ForbiddenAction
        """
        if self.allows(caller, None):
            return query
        self.require(caller, domain_id=caller.domain_id)
        is_other = query.filters.get(column, caller.domain_id) != caller.domain_id
        limit = {"id": ""} if is_other else {column: str(caller.domain_id)}
        return replace(query, filters={**query.filters, **limit})

    def build_forbidden_error(self) -> Forbidden:
        return ForbiddenAction(self.name)


@dataclass(frozen=True, slots=True)
class ResourceRules:
    """The rules for the operations on resources of one type."""

    list: IdentityRule
    get: IdentityRule
    create: IdentityRule
    update: IdentityRule
    delete: IdentityRule

    @classmethod
    def build(
        cls, name: str, plural: str, *, read: Check = system_reader, write: Check = admin, title: str = ""
    ) -> "ResourceRules":
        """Return the rules for Keystone's resource `name`; `title` is its plural in documentation."""
        title = title or plural.replace("_", " ")
        return cls(
            IdentityRule(f"identity:list_{plural}", read, f"List {title}"),
            IdentityRule(f"identity:get_{name}", read, f"Show {title}"),
            IdentityRule(f"identity:create_{name}", write, f"Create {title}"),
            IdentityRule(f"identity:update_{name}", write, f"Update {title}"),
            IdentityRule(f"identity:delete_{name}", write, f"Delete {title}"),
        )

    def all(self) -> tuple[IdentityRule, ...]:
        return (self.list, self.get, self.create, self.update, self.delete)


def _own_ids(caller: Caller) -> set[str | None]:
    project_domain_id = caller.project_domain_id if caller.project_id else None
    return {caller.user_id, caller.project_id, caller.domain_id, project_domain_id}


def system_reader_or_owner(caller: Caller, target_id: str | None) -> bool:
    """System readers, and tokens of the target user or scoped to the target project or domain."""
    return system_reader(caller, target_id) or (target_id is not None and target_id in _own_ids(caller))


def system_reader_or_user(caller: Caller, user_id: str | None) -> bool:
    """System readers, and the user."""
    return system_reader(caller, user_id) or caller.user_id == user_id


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

LIST_PROJECTS = IdentityRule("identity:list_projects", system_reader, "List projects", domain_role=_READER)
GET_PROJECT = IdentityRule("identity:get_project", system_reader_or_owner, "Show a project", domain_role=_READER)
CREATE_PROJECT = IdentityRule("identity:create_project", admin, "Create a project", domain_role=_MANAGER)
UPDATE_PROJECT = IdentityRule("identity:update_project", admin, "Update a project", domain_role=_MANAGER)
DELETE_PROJECT = IdentityRule("identity:delete_project", admin, "Delete a project", domain_role=_MANAGER)
LIST_USER_PROJECTS = IdentityRule(
    "identity:list_user_projects", system_reader_or_owner, "List the projects of a user", domain_role=_READER
)

LIST_PROJECT_TAGS = IdentityRule(
    "identity:list_project_tags", system_reader_or_owner, "List the tags of a project", domain_role=_READER
)
GET_PROJECT_TAG = IdentityRule(
    "identity:get_project_tag", system_reader_or_owner, "Check if a project has a tag", domain_role=_READER
)
UPDATE_PROJECT_TAGS = IdentityRule(
    "identity:update_project_tags", admin, "Replace the tags of a project", domain_role=_MANAGER
)
CREATE_PROJECT_TAG = IdentityRule("identity:create_project_tag", admin, "Add a tag to a project", domain_role=_MANAGER)
DELETE_PROJECT_TAGS = IdentityRule(
    "identity:delete_project_tags", admin, "Remove all tags from a project", domain_role=_MANAGER
)
DELETE_PROJECT_TAG = IdentityRule(
    "identity:delete_project_tag", admin, "Remove a tag from a project", domain_role=_MANAGER
)

LIST_DOMAINS = IdentityRule("identity:list_domains", system_reader, "List domains", domain_role=_READER)
GET_DOMAIN = IdentityRule("identity:get_domain", system_reader_or_owner, "Show a domain")
CREATE_DOMAIN = IdentityRule("identity:create_domain", admin, "Create a domain")
UPDATE_DOMAIN = IdentityRule("identity:update_domain", admin, "Update a domain")
DELETE_DOMAIN = IdentityRule("identity:delete_domain", admin, "Delete a domain")

LIST_USERS = IdentityRule("identity:list_users", system_reader, "List users", domain_role=_READER)
GET_USER = IdentityRule("identity:get_user", system_reader_or_owner, "Show a user", domain_role=_READER)
CREATE_USER = IdentityRule("identity:create_user", admin, "Create a user", domain_role=_MANAGER)
UPDATE_USER = IdentityRule("identity:update_user", admin, "Update a user", domain_role=_MANAGER)
DELETE_USER = IdentityRule("identity:delete_user", admin, "Delete a user", domain_role=_MANAGER)

LIST_GROUPS = IdentityRule("identity:list_groups", system_reader, "List groups", domain_role=_READER)
LIST_GROUPS_FOR_USER = IdentityRule(
    "identity:list_groups_for_user", system_reader_or_owner, "List a user's groups", domain_role=_READER
)
GET_GROUP = IdentityRule("identity:get_group", system_reader, "Show a group", domain_role=_READER)
CREATE_GROUP = IdentityRule("identity:create_group", admin, "Create a group", domain_role=_MANAGER)
UPDATE_GROUP = IdentityRule("identity:update_group", admin, "Update a group", domain_role=_MANAGER)
DELETE_GROUP = IdentityRule("identity:delete_group", admin, "Delete a group", domain_role=_MANAGER)
LIST_USERS_IN_GROUP = IdentityRule(
    "identity:list_users_in_group", system_reader, "List the members of a group", domain_role=_READER
)
CHECK_USER_IN_GROUP = IdentityRule(
    "identity:check_user_in_group", system_reader, "Check whether a user is in a group", domain_role=_READER
)
ADD_USER_TO_GROUP = IdentityRule("identity:add_user_to_group", admin, "Add a user to a group", domain_role=_MANAGER)
REMOVE_USER_FROM_GROUP = IdentityRule(
    "identity:remove_user_from_group", admin, "Remove a user from a group", domain_role=_MANAGER
)

LIST_ROLES = IdentityRule("identity:list_roles", system_reader, "List roles", domain_role=_READER)
GET_ROLE = IdentityRule("identity:get_role", system_reader, "Show a role", domain_role=_READER)
CREATE_ROLE = IdentityRule("identity:create_role", admin, "Create a role", domain_role=_MANAGER)
UPDATE_ROLE = IdentityRule("identity:update_role", admin, "Update a role", domain_role=_MANAGER)
DELETE_ROLE = IdentityRule("identity:delete_role", admin, "Delete a role", domain_role=_MANAGER)
LIST_IMPLIED_ROLES = IdentityRule(
    "identity:list_implied_roles", system_reader, "List the roles that a role implies", domain_role=_READER
)
GET_IMPLIED_ROLE = IdentityRule(
    "identity:get_implied_role", system_reader, "Show the relation of two roles", domain_role=_READER
)
CREATE_IMPLIED_ROLE = IdentityRule(
    "identity:create_implied_role", admin, "Make a role imply another role", domain_role=_MANAGER
)
DELETE_IMPLIED_ROLE = IdentityRule(
    "identity:delete_implied_role", admin, "Remove an implied role from a role", domain_role=_MANAGER
)
LIST_ROLE_INFERENCE_RULES = IdentityRule(
    "identity:list_role_inference_rules", system_reader, "List all relations of prior and implied roles"
)

CHECK_GRANT = IdentityRule("identity:check_grant", system_reader, "Check a role assignment", domain_role=_READER)
LIST_GRANTS = IdentityRule(
    "identity:list_grants", system_reader, "List the roles of an actor on a target", domain_role=_READER
)
CREATE_GRANT = IdentityRule("identity:create_grant", admin, "Assign a role", domain_role=_MANAGER)
REVOKE_GRANT = IdentityRule("identity:revoke_grant", admin, "Remove a role assignment", domain_role=_MANAGER)
CHECK_SYSTEM_GRANT = IdentityRule(
    "identity:check_system_grant_for_user", system_reader, "Check a role assignment on the system"
)
LIST_SYSTEM_GRANTS = IdentityRule(
    "identity:list_system_grants_for_user", system_reader, "List the roles of an actor on the system"
)
CREATE_SYSTEM_GRANT = IdentityRule("identity:create_system_grant_for_user", admin, "Assign a role on the system")
REVOKE_SYSTEM_GRANT = IdentityRule(
    "identity:revoke_system_grant_for_user", admin, "Remove a role assignment on the system"
)
LIST_ROLE_ASSIGNMENTS = IdentityRule(
    "identity:list_role_assignments", system_reader, "List role assignments", domain_role=_READER
)

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
GET_ACCESS_RULE = IdentityRule("identity:get_access_rule", system_reader_or_owner, "Show an access rule of a user")
DELETE_ACCESS_RULE = IdentityRule("identity:delete_access_rule", admin_or_owner, "Delete an access rule of a user")
LIST_ACCESS_RULES = IdentityRule("identity:list_access_rules", system_reader_or_owner, "List a user's access rules")

CREATE_EC2_TOKEN = IdentityRule(
    "identity:ec2tokens", admin_or_service, "Create a token for a request that an EC2 credential signed"
)
CREATE_S3_TOKEN = IdentityRule(
    "identity:s3tokens", admin_or_service, "Create a token for a request to S3 that an EC2 credential signed"
)

GET_LIMIT_MODEL = IdentityRule("identity:get_limit_model", anyone, "Show the enforcement model of limits")
DOMAIN_CONFIG = IdentityRule("identity:get_domain_config", system_reader, "Show and change the driver of a domain")
OAUTH = IdentityRule("identity:list_consumers", anyone, "Use OAuth1")

POLICIES = ResourceRules.build("policy", "policies")
REGISTERED_LIMITS = ResourceRules.build("registered_limit", "registered_limits", read=anyone)
LIMITS = ResourceRules.build("limit", "limits", read=system_reader_or_owner)
ENDPOINT_GROUPS = ResourceRules.build("endpoint_group", "endpoint_groups")
IDENTITY_PROVIDERS = ResourceRules.build("identity_provider", "identity_providers")
MAPPINGS = ResourceRules.build("mapping", "mappings")
PROTOCOLS = ResourceRules.build("protocol", "protocols")
SERVICE_PROVIDERS = ResourceRules.build("service_provider", "service_providers")
PROJECT_ENDPOINTS = ResourceRules.build(
    "endpoint_in_project", "endpoints_for_project", title="associations of projects with endpoints"
)
PROJECT_ENDPOINT_GROUPS = ResourceRules.build(
    "endpoint_group_in_project", "endpoint_groups_for_project", title="associations of projects with endpoint groups"
)
CREDENTIALS = ResourceRules.build("credential", "credentials", read=system_reader_or_user, write=admin_or_owner)
EC2_CREDENTIALS = ResourceRules.build(
    "ec2_credential", "ec2_credentials", read=system_reader_or_user, write=admin_or_owner, title="EC2 credentials"
)
TRUSTS = replace(
    ResourceRules.build("trust", "trusts", read=system_reader_or_user, write=admin_or_owner),
    create=IdentityRule("identity:create_trust", owner, "Create a trust"),
)

#: The rules of grants on projects and domains, and of those on the system: check, list, create, revoke.
GRANT_RULES = (CHECK_GRANT, LIST_GRANTS, CREATE_GRANT, REVOKE_GRANT)
SYSTEM_GRANT_RULES = (CHECK_SYSTEM_GRANT, LIST_SYSTEM_GRANTS, CREATE_SYSTEM_GRANT, REVOKE_SYSTEM_GRANT)

RULES = (
    *list_declared_rules(globals()),
    *(rule for rules in list(globals().values()) if isinstance(rules, ResourceRules) for rule in rules.all()),
)
