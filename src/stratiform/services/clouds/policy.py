"""Policy rules of the clouds service."""

from stratiform.kit.policy import Rule, admin, list_declared_rules, project_reader

CLOUDS_CREATE = Rule("stratiform:clouds:create", admin, "Add a cloud account")
CLOUDS_LIST = Rule("stratiform:clouds:list", admin, "List cloud accounts and the kinds of cloud")
CLOUDS_GET = Rule("stratiform:clouds:get", admin, "Show a cloud account")
CLOUDS_UPDATE = Rule("stratiform:clouds:update", admin, "Change the settings of a cloud account")
CLOUDS_DELETE = Rule("stratiform:clouds:delete", admin, "Remove a cloud account")
CLOUDS_CHECK = Rule("stratiform:clouds:check", admin, "Check the credentials and zones of a cloud account")
CLOUDS_SWEEP = Rule("stratiform:clouds:sweep", admin, "List and delete resources in a cloud that no row owns")
BINDINGS_CREATE = Rule("stratiform:bindings:create", admin, "Bind a project to a cloud")
BINDINGS_LIST = Rule("stratiform:bindings:list", project_reader, "List the bindings of a project")
BINDINGS_DELETE = Rule("stratiform:bindings:delete", admin, "Unbind a project from a cloud")
ACCOUNT_QUOTAS_LIST = Rule("stratiform:account_quotas:list", admin, "List the quotas of a cloud account")
ACCOUNT_QUOTAS_SET = Rule("stratiform:account_quotas:set", admin, "Set and delete the quotas of a cloud account")
POOLS_MANAGE = Rule("stratiform:pools:manage", admin, "Create, change, show and delete pools of clouds")
PLACEMENT_POLICIES_LIST = Rule("stratiform:placement_policies:list", admin, "List placement policies")
PLACEMENT_POLICIES_SET = Rule("stratiform:placement_policies:set", admin, "Set and delete placement policies")
PLACEMENT_EXPLAIN = Rule("stratiform:placement:explain", admin, "Explain which clouds would take a server, and why")
NATIVE_IDS_LIST = Rule("stratiform:native_ids:list", admin, "List the native IDs registered in a cloud")
NATIVE_IDS_REGISTER = Rule("stratiform:native_ids:register", admin, "Register and unregister native IDs")

RULES = list_declared_rules(globals())
