"""Who may do what with servers, flavors and key pairs. Source: Nova's sample policy, secure defaults."""

from stratiform.kit.policy import Caller, Policy, admin, anyone, project_member, project_reader

#: Admin-only facts in a server's answer (OS-EXT-SRV-ATTR:*).
SEE_HOST = "os_compute_api:os-extended-server-attributes"
ALL_PROJECTS = "os_compute_api:servers:index:get_all_tenants"
SEE_DELETED = "os_compute_api:servers:index:allow_all_filters"

_READ = (
    "os_compute_api:servers:index",
    "os_compute_api:servers:detail",
    "os_compute_api:servers:show",
    "os_compute_api:server-metadata:index",
    "os_compute_api:os-server-tags:index",
    "os_compute_api:os-volumes-attachments:index",
    "os_compute_api:os-volumes-attachments:show",
    "os_compute_api:os-instance-actions:list",
    "os_compute_api:os-instance-actions:show",
    "os_compute_api:os-security-groups:list",
    "os_compute_api:os-server-groups:index",
    "os_compute_api:os-quota-sets:show",
    "os_compute_api:limits",
)
_WRITE = (
    "os_compute_api:servers:create",
    "os_compute_api:servers:update",
    "os_compute_api:servers:delete",
    "os_compute_api:servers:start",
    "os_compute_api:servers:stop",
    "os_compute_api:servers:reboot",
    "os_compute_api:servers:resize",
    "os_compute_api:servers:confirm_resize",
    "os_compute_api:servers:revert_resize",
    "os_compute_api:servers:rebuild",
    "os_compute_api:os-console-output",
    "os_compute_api:os-lock-server:lock",
    "os_compute_api:os-lock-server:unlock",
    "os_compute_api:os-security-groups:add",
    "os_compute_api:os-security-groups:remove",
    "os_compute_api:server-metadata:create",
    "os_compute_api:server-metadata:delete",
    "os_compute_api:os-server-tags:update",
    "os_compute_api:os-server-tags:delete",
    "os_compute_api:os-volumes-attachments:create",
    "os_compute_api:os-volumes-attachments:update",
    "os_compute_api:os-volumes-attachments:delete",
)
_ADMIN = (
    SEE_HOST,
    ALL_PROJECTS,
    SEE_DELETED,
    "os_compute_api:os-admin-actions:reset_state",
    "os_compute_api:os-lock-server:unlock:unlock_override",
    "os_compute_api:os-flavor-manage:create",
    "os_compute_api:os-flavor-manage:update",
    "os_compute_api:os-flavor-manage:delete",
    "os_compute_api:os-flavor-access",
    "os_compute_api:os-flavor-access:add_tenant_access",
    "os_compute_api:os-flavor-access:remove_tenant_access",
    "os_compute_api:os-flavor-extra-specs:create",
    "os_compute_api:os-flavor-extra-specs:update",
    "os_compute_api:os-flavor-extra-specs:delete",
    "os_compute_api:os-services:list",
    "os_compute_api:os-hypervisors:list",
    "os_compute_api:os-availability-zone:detail",
)
_ANYONE = (
    "os_compute_api:flavors",
    "os_compute_api:os-flavor-extra-specs:index",
    "os_compute_api:os-flavor-extra-specs:show",
    "os_compute_api:os-availability-zone:list",
)
_OWN_KEYS = tuple(f"os_compute_api:os-keypairs:{verb}" for verb in ("index", "show", "create", "delete"))


def own_user(caller: Caller, user_id: str | None) -> bool:
    """A key pair belongs to a user, not to a project; the operator may manage everyone's."""
    return caller.is_admin or caller.user_id == user_id


policy = Policy(
    {
        **dict.fromkeys(_READ, project_reader),
        **dict.fromkeys(_WRITE, project_member),
        **dict.fromkeys(_ADMIN, admin),
        **dict.fromkeys(_ANYONE, anyone),
        **dict.fromkeys(_OWN_KEYS, own_user),
    }
)
