"""Policy rules of servers, flavors and key pairs. Source: Nova's policy reference, secure defaults."""

from stratiform.kit.policy import (
    Caller,
    Rule,
    admin,
    admin_or_service,
    anyone,
    list_declared_rules,
    project_member,
    project_reader,
)


def own_user(caller: Caller, user_id: str | None) -> bool:
    """The user whose key pair it is, and operators."""
    return caller.is_admin or caller.user_id == user_id


_API = "os_compute_api"

SERVERS_LIST = Rule(f"{_API}:servers:index", project_reader, "List the servers of a project")
SERVERS_LIST_DETAIL = Rule(f"{_API}:servers:detail", project_reader, "List the servers of a project with details")
SERVERS_LIST_ALL_PROJECTS = Rule(f"{_API}:servers:index:get_all_tenants", admin, "List the servers of all projects")
SERVERS_LIST_DELETED = Rule(f"{_API}:servers:allow_all_filters", admin, "List deleted servers")
SERVERS_SHOW = Rule(f"{_API}:servers:show", project_reader, "Show a server")
SERVERS_CREATE = Rule(f"{_API}:servers:create", project_member, "Create a server")
SERVERS_CREATE_ON_HOST = Rule(
    "compute:servers:create:requested_destination", admin, "Create a server on a requested host"
)
SERVERS_UPDATE = Rule(f"{_API}:servers:update", project_member, "Update a server")
SERVERS_DELETE = Rule(f"{_API}:servers:delete", project_member, "Delete a server")
SERVERS_START = Rule(f"{_API}:servers:start", project_member, "Start a server")
SERVERS_STOP = Rule(f"{_API}:servers:stop", project_member, "Stop a server")
SERVERS_REBOOT = Rule(f"{_API}:servers:reboot", project_member, "Reboot a server")
SERVERS_RESIZE = Rule(f"{_API}:servers:resize", project_member, "Resize a server")
SERVERS_CONFIRM_RESIZE = Rule(f"{_API}:servers:confirm_resize", project_member, "Confirm a resize")
SERVERS_REVERT_RESIZE = Rule(f"{_API}:servers:revert_resize", project_member, "Revert a resize")
SERVERS_REBUILD = Rule(f"{_API}:servers:rebuild", project_member, "Rebuild a server")
SERVERS_LOCK = Rule(f"{_API}:os-lock-server:lock", project_member, "Lock a server")
SERVERS_UNLOCK = Rule(f"{_API}:os-lock-server:unlock", project_member, "Unlock a server")
SERVERS_UNLOCK_OVERRIDE = Rule(
    f"{_API}:os-lock-server:unlock:unlock_override", admin, "Unlock a server that an operator has locked"
)
SERVERS_RESET_STATE = Rule(f"{_API}:os-admin-actions:reset_state", admin, "Reset the state of a server")
SERVERS_INJECT_NETWORK_INFO = Rule(
    f"{_API}:os-admin-actions:inject_network_info", admin, "Apply the network information of a server again"
)
SERVERS_CONSOLE_OUTPUT = Rule(f"{_API}:os-console-output", project_member, "Show the console output of a server")
REMOTE_CONSOLES_CREATE = Rule(f"{_API}:os-remote-consoles", project_member, "Create a remote console of a server")
SERVERS_PAUSE = Rule(f"{_API}:os-pause-server:pause", project_member, "Pause a server")
SERVERS_UNPAUSE = Rule(f"{_API}:os-pause-server:unpause", project_member, "Unpause a server")
SERVERS_SUSPEND = Rule(f"{_API}:os-suspend-server:suspend", project_member, "Suspend a server")
SERVERS_RESUME = Rule(f"{_API}:os-suspend-server:resume", project_member, "Resume a server")
SERVERS_RESCUE = Rule(f"{_API}:os-rescue", project_member, "Rescue a server")
SERVERS_UNRESCUE = Rule(f"{_API}:os-unrescue", project_member, "Unrescue a server")
SERVERS_SHELVE = Rule(f"{_API}:os-shelve:shelve", project_member, "Shelve a server")
SERVERS_SHELVE_OFFLOAD = Rule(f"{_API}:os-shelve:shelve_offload", admin, "Remove a shelved server from its cloud")
SERVERS_UNSHELVE = Rule(f"{_API}:os-shelve:unshelve", project_member, "Unshelve a server")
SERVERS_UNSHELVE_TO_HOST = Rule(f"{_API}:os-shelve:unshelve_to_host", admin, "Unshelve a server to a requested host")
SERVERS_CREATE_IMAGE = Rule(f"{_API}:servers:create_image", project_member, "Create an image of a server")
SERVERS_CREATE_BACKUP = Rule(f"{_API}:os-create-backup", project_member, "Create a backup of a server")
SERVERS_SET_PASSWORD = Rule(f"{_API}:os-admin-password", project_member, "Set the password of a server")
SERVERS_TRIGGER_CRASH_DUMP = Rule(
    f"{_API}:servers:trigger_crash_dump", project_member, "Trigger a crash dump of a server"
)
SERVERS_RESTORE = Rule(f"{_API}:os-deferred-delete:restore", project_member, "Restore a deleted server")
SERVERS_MIGRATE = Rule(f"{_API}:os-migrate-server:migrate", admin, "Migrate a server")
SERVERS_MIGRATE_LIVE = Rule(f"{_API}:os-migrate-server:migrate_live", admin, "Migrate a server without downtime")
SERVERS_EVACUATE = Rule(f"{_API}:os-evacuate", admin, "Evacuate a server from a failed host")
SERVER_INTERFACES_CREATE = Rule(
    f"{_API}:os-attach-interfaces:create", project_member, "Attach an interface to a server"
)
SERVER_INTERFACES_DELETE = Rule(
    f"{_API}:os-attach-interfaces:delete", project_member, "Detach an interface from a server"
)
SERVER_FIXED_IPS_ADD = Rule(f"{_API}:os-multinic:add", project_member, "Add a fixed IP address to a server")
SERVER_FIXED_IPS_REMOVE = Rule(f"{_API}:os-multinic:remove", project_member, "Remove a fixed IP address from a server")
SERVER_ADDRESSES_LIST = Rule(f"{_API}:ips:index", project_reader, "List the IP addresses of a server")
SERVER_ADDRESSES_SHOW = Rule(f"{_API}:ips:show", project_reader, "Show the IP addresses of a server in a network")
SERVER_INTERFACES_LIST = Rule(f"{_API}:os-attach-interfaces:list", project_reader, "List the interfaces of a server")
SERVER_INTERFACES_SHOW = Rule(f"{_API}:os-attach-interfaces:show", project_reader, "Show an interface of a server")
SERVER_SECURITY_GROUPS_LIST = Rule(
    f"{_API}:os-security-groups:list", project_reader, "List the security groups of a server"
)
SERVER_SECURITY_GROUPS_ADD = Rule(f"{_API}:os-security-groups:add", project_member, "Add a security group to a server")
SERVER_SECURITY_GROUPS_REMOVE = Rule(
    f"{_API}:os-security-groups:remove", project_member, "Remove a security group from a server"
)
SECURITY_GROUPS_LIST = Rule(f"{_API}:os-security-groups:get", project_reader, "List security groups")
SECURITY_GROUPS_SHOW = Rule(f"{_API}:os-security-groups:show", project_reader, "Show a security group")
SECURITY_GROUPS_CREATE = Rule(f"{_API}:os-security-groups:create", project_member, "Create a security group")
SECURITY_GROUPS_UPDATE = Rule(f"{_API}:os-security-groups:update", project_member, "Update a security group")
SECURITY_GROUPS_DELETE = Rule(f"{_API}:os-security-groups:delete", project_member, "Delete a security group")
SECURITY_GROUP_RULES_CREATE = Rule(
    f"{_API}:os-security-groups:rule:create", project_member, "Create a rule of a security group"
)
SECURITY_GROUP_RULES_DELETE = Rule(
    f"{_API}:os-security-groups:rule:delete", project_member, "Delete a rule of a security group"
)
SERVER_METADATA_LIST = Rule(f"{_API}:server-metadata:index", project_reader, "List the metadata of a server")
SERVER_METADATA_SHOW = Rule(f"{_API}:server-metadata:show", project_reader, "Show a metadata item of a server")
SERVER_METADATA_CREATE = Rule(f"{_API}:server-metadata:create", project_member, "Create metadata items of a server")
SERVER_METADATA_REPLACE = Rule(f"{_API}:server-metadata:update_all", project_member, "Replace a server's metadata")
SERVER_METADATA_UPDATE = Rule(f"{_API}:server-metadata:update", project_member, "Update a metadata item of a server")
SERVER_METADATA_DELETE = Rule(f"{_API}:server-metadata:delete", project_member, "Delete a metadata item of a server")
SERVER_TAGS_LIST = Rule(f"{_API}:os-server-tags:index", project_reader, "List the tags of a server")
SERVER_TAGS_SHOW = Rule(f"{_API}:os-server-tags:show", project_reader, "Check whether a server has a tag")
SERVER_TAGS_REPLACE = Rule(f"{_API}:os-server-tags:update_all", project_member, "Replace the tags of a server")
SERVER_TAGS_ADD = Rule(f"{_API}:os-server-tags:update", project_member, "Add a tag to a server")
SERVER_TAGS_DELETE = Rule(f"{_API}:os-server-tags:delete", project_member, "Remove a tag from a server")
SERVER_TAGS_DELETE_ALL = Rule(f"{_API}:os-server-tags:delete_all", project_member, "Remove all tags from a server")
INSTANCE_ACTIONS_LIST = Rule(f"{_API}:os-instance-actions:list", project_reader, "List the actions of a server")
INSTANCE_ACTIONS_SHOW = Rule(f"{_API}:os-instance-actions:show", project_reader, "Show an action of a server")
VOLUME_ATTACHMENTS_LIST = Rule(
    f"{_API}:os-volumes-attachments:index", project_reader, "List the volume attachments of a server"
)
VOLUME_ATTACHMENTS_SHOW = Rule(f"{_API}:os-volumes-attachments:show", project_reader, "Show a volume attachment")
VOLUME_ATTACHMENTS_CREATE = Rule(f"{_API}:os-volumes-attachments:create", project_member, "Attach a volume to a server")
VOLUME_ATTACHMENTS_UPDATE = Rule(f"{_API}:os-volumes-attachments:update", project_member, "Update a volume attachment")
VOLUME_ATTACHMENTS_SWAP = Rule(
    f"{_API}:os-volumes-attachments:swap", admin, "Replace an attached volume by another one"
)
VOLUME_ATTACHMENTS_DELETE = Rule(
    f"{_API}:os-volumes-attachments:delete", project_member, "Detach a volume from a server"
)
FLAVORS_READ = Rule(f"{_API}:flavors", anyone, "List and show flavors")
FLAVORS_CREATE = Rule(f"{_API}:os-flavor-manage:create", admin, "Create a flavor")
FLAVORS_UPDATE = Rule(f"{_API}:os-flavor-manage:update", admin, "Update the description of a flavor")
FLAVORS_DELETE = Rule(f"{_API}:os-flavor-manage:delete", admin, "Delete a flavor")
FLAVOR_ACCESS_LIST = Rule(f"{_API}:os-flavor-access", admin, "List the projects with access to a private flavor")
FLAVOR_ACCESS_GRANT = Rule(
    f"{_API}:os-flavor-access:add_tenant_access", admin, "Grant a project access to a private flavor"
)
FLAVOR_ACCESS_REVOKE = Rule(
    f"{_API}:os-flavor-access:remove_tenant_access", admin, "Revoke a project's access to a private flavor"
)
FLAVOR_EXTRA_SPECS_LIST = Rule(f"{_API}:os-flavor-extra-specs:index", anyone, "List the extra specs of a flavor")
FLAVOR_EXTRA_SPECS_SHOW = Rule(f"{_API}:os-flavor-extra-specs:show", anyone, "Show an extra spec of a flavor")
FLAVOR_EXTRA_SPECS_CREATE = Rule(f"{_API}:os-flavor-extra-specs:create", admin, "Create extra specs of a flavor")
FLAVOR_EXTRA_SPECS_UPDATE = Rule(f"{_API}:os-flavor-extra-specs:update", admin, "Update an extra spec of a flavor")
FLAVOR_EXTRA_SPECS_DELETE = Rule(f"{_API}:os-flavor-extra-specs:delete", admin, "Delete an extra spec of a flavor")
KEYPAIRS_LIST = Rule(f"{_API}:os-keypairs:index", own_user, "List the key pairs of a user")
KEYPAIRS_SHOW = Rule(f"{_API}:os-keypairs:show", own_user, "Show a key pair")
KEYPAIRS_CREATE = Rule(f"{_API}:os-keypairs:create", own_user, "Create or import a key pair")
KEYPAIRS_DELETE = Rule(f"{_API}:os-keypairs:delete", own_user, "Delete a key pair")
LIMITS_SHOW = Rule(f"{_API}:limits", project_reader, "Show the limits and the usage of a project")
QUOTA_SETS_SHOW = Rule(f"{_API}:os-quota-sets:show", project_reader, "Show the quota of a project")
AVAILABILITY_ZONES_LIST = Rule(f"{_API}:os-availability-zone:list", anyone, "List availability zones")
AVAILABILITY_ZONES_DETAIL = Rule(
    f"{_API}:os-availability-zone:detail", admin, "List availability zones with their hosts"
)
SERVER_GROUPS_LIST = Rule(f"{_API}:os-server-groups:index", project_reader, "List server groups")
EXTENSIONS_READ = Rule(f"{_API}:extensions", anyone, "List and show extensions")
SERVICES_LIST = Rule(f"{_API}:os-services:list", admin, "List compute services")
HYPERVISORS_LIST = Rule(f"{_API}:os-hypervisors:list", admin, "List hypervisors")
QUOTA_SETS_DETAIL = Rule(f"{_API}:os-quota-sets:detail", project_reader, "Show the quota and the usage of a project")
QUOTA_SETS_DEFAULTS = Rule(f"{_API}:os-quota-sets:defaults", project_reader, "Show the default quota")
QUOTA_SETS_UPDATE = Rule(f"{_API}:os-quota-sets:update", admin, "Update the quota of a project")
QUOTA_SETS_DELETE = Rule(f"{_API}:os-quota-sets:delete", admin, "Reset the quota of a project")
QUOTA_CLASS_SETS_SHOW = Rule(f"{_API}:os-quota-class-sets:show", admin, "Show the quota of a quota class")
QUOTA_CLASS_SETS_UPDATE = Rule(f"{_API}:os-quota-class-sets:update", admin, "Update the quota of a quota class")
SERVER_GROUPS_LIST_ALL_PROJECTS = Rule(
    f"{_API}:os-server-groups:index:all_projects", admin, "List the server groups of all projects"
)
SERVER_GROUPS_SHOW = Rule(f"{_API}:os-server-groups:show", project_reader, "Show a server group")
SERVER_GROUPS_CREATE = Rule(f"{_API}:os-server-groups:create", project_member, "Create a server group")
SERVER_GROUPS_DELETE = Rule(f"{_API}:os-server-groups:delete", project_member, "Delete a server group")
AGGREGATES_LIST = Rule(f"{_API}:os-aggregates:index", admin, "List host aggregates")
AGGREGATES_SHOW = Rule(f"{_API}:os-aggregates:show", admin, "Show a host aggregate")
AGGREGATES_CREATE = Rule(f"{_API}:os-aggregates:create", admin, "Create a host aggregate")
AGGREGATES_UPDATE = Rule(f"{_API}:os-aggregates:update", admin, "Update a host aggregate")
AGGREGATES_DELETE = Rule(f"{_API}:os-aggregates:delete", admin, "Delete a host aggregate")
AGGREGATES_ADD_HOST = Rule(f"{_API}:os-aggregates:add_host", admin, "Add a host to a host aggregate")
AGGREGATES_REMOVE_HOST = Rule(f"{_API}:os-aggregates:remove_host", admin, "Remove a host from a host aggregate")
AGGREGATES_SET_METADATA = Rule(f"{_API}:os-aggregates:set_metadata", admin, "Set the metadata of a host aggregate")
AGGREGATES_CACHE_IMAGES = Rule("compute:aggregates:images", admin, "Cache images on the hosts of a host aggregate")
SERVICES_UPDATE = Rule(f"{_API}:os-services:update", admin, "Enable or disable a compute service")
SERVICES_DELETE = Rule(f"{_API}:os-services:delete", admin, "Delete a compute service")
HYPERVISORS_DETAIL = Rule(f"{_API}:os-hypervisors:list-detail", admin, "List hypervisors with details")
HYPERVISORS_SHOW = Rule(f"{_API}:os-hypervisors:show", admin, "Show a hypervisor")
HYPERVISORS_STATISTICS = Rule(f"{_API}:os-hypervisors:statistics", admin, "Show the sums of all hypervisors")
HYPERVISORS_UPTIME = Rule(f"{_API}:os-hypervisors:uptime", admin, "Show the uptime of a hypervisor")
HYPERVISORS_SEARCH = Rule(f"{_API}:os-hypervisors:search", admin, "Search hypervisors by name")
HYPERVISORS_SERVERS = Rule(f"{_API}:os-hypervisors:servers", admin, "List the servers of hypervisors")
HOSTS_LIST = Rule(f"{_API}:os-hosts:list", admin, "List hosts")
HOSTS_SHOW = Rule(f"{_API}:os-hosts:show", admin, "Show a host")
HOSTS_UPDATE = Rule(f"{_API}:os-hosts:update", admin, "Update a host")
HOSTS_POWER = Rule(f"{_API}:os-hosts:reboot", admin, "Start, stop or reboot a host")
MIGRATIONS_LIST = Rule(f"{_API}:os-migrations:index", admin, "List migrations")
SERVER_MIGRATIONS_LIST = Rule(f"{_API}:servers:migrations:index", admin, "List the live migrations of a server")
SERVER_MIGRATIONS_SHOW = Rule(f"{_API}:servers:migrations:show", admin, "Show a live migration of a server")
SERVER_MIGRATIONS_FORCE_COMPLETE = Rule(
    f"{_API}:servers:migrations:force_complete", admin, "Force a live migration to complete"
)
SERVER_MIGRATIONS_DELETE = Rule(f"{_API}:servers:migrations:delete", admin, "Abort a live migration")
TENANT_USAGE_LIST = Rule(f"{_API}:os-simple-tenant-usage:list", admin, "List the usage of all projects")
TENANT_USAGE_SHOW = Rule(f"{_API}:os-simple-tenant-usage:show", project_reader, "Show the usage of a project")
SERVER_DIAGNOSTICS_SHOW = Rule(f"{_API}:os-server-diagnostics", admin, "Show diagnostics of a server")
SERVER_TOPOLOGY_SHOW = Rule("compute:server:topology:index", project_reader, "Show the NUMA topology of a server")
SERVER_PASSWORD_SHOW = Rule(
    f"{_API}:os-server-password:show", project_reader, "Show the encrypted password of a server"
)
SERVER_PASSWORD_CLEAR = Rule(
    f"{_API}:os-server-password:clear", project_member, "Clear the encrypted password of a server"
)
EXTERNAL_EVENTS_CREATE = Rule(
    f"{_API}:os-server-external-events:create", admin_or_service, "Report external events of servers"
)
ASSISTED_VOLUME_SNAPSHOTS = Rule(
    f"{_API}:os-assisted-volume-snapshots:create", admin, "Create snapshots of attached volumes"
)
FLOATING_IPS_LIST = Rule(f"{_API}:os-floating-ips:list", project_reader, "List the floating IPs of a project")
FLOATING_IPS_SHOW = Rule(f"{_API}:os-floating-ips:show", project_reader, "Show a floating IP")
FLOATING_IPS_CREATE = Rule(f"{_API}:os-floating-ips:create", project_member, "Allocate a floating IP")
FLOATING_IPS_DELETE = Rule(f"{_API}:os-floating-ips:delete", project_member, "Release a floating IP")
FLOATING_IPS_ADD = Rule(f"{_API}:os-floating-ips:add", project_member, "Associate a floating IP with a server")
FLOATING_IPS_REMOVE = Rule(f"{_API}:os-floating-ips:remove", project_member, "Disassociate a floating IP from a server")
FLOATING_IP_POOLS_LIST = Rule(f"{_API}:os-floating-ip-pools", project_reader, "List the pools of floating IPs")
NETWORKS_LIST = Rule(f"{_API}:os-networks:list", project_reader, "List the networks of a project, as Nova shows them")
NETWORKS_SHOW = Rule(f"{_API}:os-networks:show", project_reader, "Show a network, as Nova shows it")
TENANT_NETWORKS_LIST = Rule(f"{_API}:os-tenant-networks:list", project_reader, "List the networks of a project")
TENANT_NETWORKS_SHOW = Rule(f"{_API}:os-tenant-networks:show", project_reader, "Show a network of a project")
AUDIT_LOGS_LIST = Rule(f"{_API}:os-instance-usage-audit-log:list", admin, "List the usage audits of servers")
AUDIT_LOGS_SHOW = Rule(f"{_API}:os-instance-usage-audit-log:show", admin, "Show the usage audits before a time")
CONSOLE_TOKENS_SHOW = Rule(f"{_API}:os-console-auth-tokens", admin, "Show the connection of a console")
SERVER_SHARES = Rule(f"{_API}:os-server-shares:index", project_reader, "List and show the shares of a server")

RULES = list_declared_rules(globals())
