"""Policy rules of block storage. Source: cinder/policies (secure defaults)."""

from stratiform.kit.policy import Rule, admin, anyone, list_declared_rules, project_member, project_reader

VOLUME_CREATE = Rule("volume:create", project_member, "Create a volume.")
VOLUME_MULTIATTACH = Rule("volume:multiattach", project_member, "Create a volume that several servers can use.")
VOLUME_GET = Rule("volume:get", project_reader, "Show a volume.")
VOLUME_GET_ALL = Rule("volume:get_all", project_reader, "List volumes and attachments.")
VOLUME_UPDATE = Rule("volume:update", project_member, "Update a volume's name, description or metadata.")
VOLUME_DELETE = Rule("volume:delete", project_member, "Delete a volume.")
VOLUME_FORCE_DELETE = Rule("volume:force_delete", admin, "Delete a volume in any status.")
VOLUME_EXTEND = Rule("volume:extend", project_member, "Extend a volume.")
VOLUME_RETYPE = Rule("volume:retype", project_member, "Change a volume's type.")
VOLUME_UPDATE_READONLY = Rule("volume:update_readonly_flag", project_member, "Set a volume's read-only flag.")
VOLUME_SET_BOOTABLE = Rule(
    "volume_extension:volume_actions:set_bootable", project_member, "Set a volume's bootable flag."
)
VOLUME_RESET_STATUS = Rule("volume_extension:volume_admin_actions:reset_status", admin, "Reset a volume's status.")

METADATA_GET = Rule("volume:get_volume_metadata", project_reader, "Show a volume's metadata.")
METADATA_CREATE = Rule("volume:create_volume_metadata", project_member, "Add metadata to a volume.")
METADATA_UPDATE = Rule("volume:update_volume_metadata", project_member, "Replace a volume's metadata.")
METADATA_DELETE = Rule("volume:delete_volume_metadata", project_member, "Delete a volume's metadata item.")
IMAGE_METADATA_SET = Rule(
    "volume_extension:volume_image_metadata:set", project_member, "Set image metadata of a volume."
)
IMAGE_METADATA_REMOVE = Rule(
    "volume_extension:volume_image_metadata:remove", project_member, "Remove image metadata of a volume."
)

ATTACHMENT_CREATE = Rule("volume:attachment_create", project_member, "Attach a volume to a server.")
ATTACHMENT_DELETE = Rule("volume:attachment_delete", project_member, "Detach a volume from a server.")
ATTACHMENT_UPDATE = Rule("volume:attachment_update", project_member, "Update an attachment.")

MULTIATTACH_BOOTABLE = Rule(
    "volume:multiattach_bootable_volume", project_member, "Attach a bootable volume to several servers."
)
ATTACHMENT_COMPLETE = Rule("volume:attachment_complete", project_member, "Mark an attachment as complete.")
VOLUME_RESERVE = Rule("volume_extension:volume_actions:reserve", project_member, "Reserve a volume.")
VOLUME_UNRESERVE = Rule("volume_extension:volume_actions:unreserve", project_member, "Cancel a reservation.")
VOLUME_BEGIN_DETACHING = Rule(
    "volume_extension:volume_actions:begin_detaching", project_member, "Set a volume's status to detaching."
)
VOLUME_ROLL_DETACHING = Rule(
    "volume_extension:volume_actions:roll_detaching", project_member, "Set a volume's status back to in-use."
)
VOLUME_ATTACH = Rule("volume_extension:volume_actions:attach", project_member, "Record that a volume is attached.")
VOLUME_DETACH = Rule("volume_extension:volume_actions:detach", project_member, "Record that a volume is detached.")
VOLUME_FORCE_DETACH = Rule(
    "volume_extension:volume_admin_actions:force_detach", admin, "Record that a volume is detached, in any status."
)
VOLUME_INITIALIZE_CONNECTION = Rule(
    "volume_extension:volume_actions:initialize_connection", project_member, "Connect a host to a volume."
)
VOLUME_TERMINATE_CONNECTION = Rule(
    "volume_extension:volume_actions:terminate_connection", project_member, "Disconnect a host from a volume."
)
VOLUME_MIGRATE = Rule("volume_extension:volume_admin_actions:migrate_volume", admin, "Migrate a volume to a host.")

TYPE_GET = Rule("volume_extension:type_get", anyone, "Show a volume type.")
TYPE_GET_ALL = Rule("volume_extension:type_get_all", anyone, "List volume types.")
TYPE_CREATE = Rule("volume_extension:type_create", admin, "Create a volume type.")
TYPE_UPDATE = Rule("volume_extension:type_update", admin, "Update a volume type.")
TYPE_DELETE = Rule("volume_extension:type_delete", admin, "Delete a volume type.")
TYPE_ENCRYPTION_GET = Rule("volume_extension:volume_type_encryption:get", anyone, "Show a volume type's encryption.")
TYPE_ENCRYPTION_DELETE = Rule(
    "volume_extension:volume_type_encryption:delete", admin, "Delete a volume type's encryption."
)
EXTRA_SPECS_GET = Rule("volume_extension:types_extra_specs:index", anyone, "Show extra specs of a volume type.")
EXTRA_SPECS_CREATE = Rule("volume_extension:types_extra_specs:create", admin, "Set extra specs of a volume type.")
EXTRA_SPECS_DELETE = Rule("volume_extension:types_extra_specs:delete", admin, "Delete an extra spec of a volume type.")
TYPE_ACCESS_GET_ALL = Rule(
    "volume_extension:volume_type_access:get_all_for_type", admin, "List projects with access to a volume type."
)
TYPE_ACCESS_ADD = Rule(
    "volume_extension:volume_type_access:addProjectAccess", admin, "Grant a project access to a volume type."
)
TYPE_ACCESS_REMOVE = Rule(
    "volume_extension:volume_type_access:removeProjectAccess", admin, "Revoke a project's access to a volume type."
)

AVAILABILITY_ZONE_LIST = Rule("volume_extension:availability_zone_list", anyone, "List availability zones.")
EXTENSION_LIST = Rule("volume_extension:list_extensions", anyone, "List API extensions.")
LIMITS_GET = Rule("limits_extension:used_limits", project_reader, "Show a project's limits and usage.")
QUOTA_GET = Rule("volume_extension:quotas:show", project_reader, "Show a project's quota set.")
QUOTA_UPDATE = Rule("volume_extension:quotas:update", admin, "Set a project's quotas.")
QUOTA_DELETE = Rule("volume_extension:quotas:delete", admin, "Reset a project's quotas.")
QUOTA_CLASS_GET = Rule("volume_extension:quota_classes:get", admin, "Show a quota class.")
QUOTA_CLASS_UPDATE = Rule("volume_extension:quota_classes:update", admin, "Set the quotas of a quota class.")
SERVICE_LIST = Rule("volume_extension:services:index", admin, "List block storage services.")
POOL_LIST = Rule("scheduler_extension:scheduler_stats:get_pools", admin, "List back-end storage pools.")

SNAPSHOT_GET_ALL = Rule("volume:get_all_snapshots", project_reader, "List snapshots.")
SNAPSHOT_GET = Rule("volume:get_snapshot", project_reader, "Show a snapshot.")
SNAPSHOT_CREATE = Rule("volume:create_snapshot", project_member, "Create a snapshot.")
SNAPSHOT_UPDATE = Rule("volume:update_snapshot", project_member, "Update a snapshot.")
SNAPSHOT_DELETE = Rule("volume:delete_snapshot", project_member, "Delete a snapshot.")
SNAPSHOT_FORCE_DELETE = Rule(
    "volume_extension:snapshot_admin_actions:force_delete", admin, "Delete a snapshot in any status."
)
SNAPSHOT_RESET_STATUS = Rule(
    "volume_extension:snapshot_admin_actions:reset_status", admin, "Reset a snapshot's status."
)
SNAPSHOT_UPDATE_STATUS = Rule(
    "snapshot_extension:snapshot_actions:update_snapshot_status",
    project_member,
    "Update a snapshot's status and progress.",
)
SNAPSHOT_METADATA_GET = Rule("volume:get_snapshot_metadata", project_reader, "Show a snapshot's metadata.")
SNAPSHOT_METADATA_UPDATE = Rule("volume:update_snapshot_metadata", project_member, "Change a snapshot's metadata.")
SNAPSHOT_METADATA_DELETE = Rule("volume:delete_snapshot_metadata", project_member, "Delete a snapshot's metadata item.")
VOLUME_REVERT = Rule("volume:revert_to_snapshot", project_member, "Revert a volume to its latest snapshot.")
VOLUME_REIMAGE = Rule("volume:reimage", project_member, "Write an image to a volume.")
VOLUME_REIMAGE_RESERVED = Rule("volume:reimage_reserved", project_member, "Write an image to a reserved volume.")
VOLUME_UPLOAD = Rule("volume_extension:volume_actions:upload_image", project_member, "Create an image from a volume.")
BACKUP_GET_ALL = Rule("backup:get_all", project_reader, "List backups.")
BACKUP_GET = Rule("backup:get", project_reader, "Show a backup.")
BACKUP_CREATE = Rule("backup:create", project_member, "Create a backup.")
BACKUP_UPDATE = Rule("backup:update", project_member, "Update a backup.")
BACKUP_DELETE = Rule("backup:delete", project_member, "Delete a backup.")
BACKUP_RESTORE = Rule("backup:restore", project_member, "Restore a backup to a volume.")
BACKUP_EXPORT = Rule("backup:export-import", admin, "Export the record of a backup.")
BACKUP_IMPORT = Rule("backup:backup-import", admin, "Import the record of a backup.")
BACKUP_FORCE_DELETE = Rule(
    "volume_extension:backup_admin_actions:force_delete", admin, "Delete a backup in any status."
)
BACKUP_RESET_STATUS = Rule("volume_extension:backup_admin_actions:reset_status", admin, "Reset a backup's status.")

TRANSFER_CREATE = Rule("volume:create_transfer", project_member, "Offer a volume to another project.")
TRANSFER_GET = Rule("volume:get_transfer", project_reader, "Show a transfer.")
TRANSFER_GET_ALL = Rule("volume:get_all_transfers", project_reader, "List transfers.")
TRANSFER_ACCEPT = Rule("volume:accept_transfer", project_member, "Accept a transfer.")
TRANSFER_DELETE = Rule("volume:delete_transfer", project_member, "Cancel a transfer.")

TYPE_ENCRYPTION_CREATE = Rule(
    "volume_extension:volume_type_encryption:create", admin, "Create a volume type's encryption."
)
TYPE_ENCRYPTION_UPDATE = Rule(
    "volume_extension:volume_type_encryption:update", admin, "Update a volume type's encryption."
)

GROUP_GET_ALL = Rule("group:get_all", project_reader, "List groups of volumes and their snapshots.")
GROUP_GET = Rule("group:get", project_reader, "Show a group of volumes.")
GROUP_CREATE = Rule("group:create", project_member, "Create a group of volumes.")
GROUP_UPDATE = Rule("group:update", project_member, "Update a group of volumes.")
GROUP_DELETE = Rule("group:delete", project_member, "Delete a group of volumes.")
GROUP_RESET_STATUS = Rule("group:reset_status", admin, "Reset a group's status.")
GROUP_SNAPSHOT_GET_ALL = Rule("group:get_all_group_snapshots", project_reader, "List group snapshots.")
GROUP_SNAPSHOT_GET = Rule("group:get_group_snapshot", project_reader, "Show a group snapshot.")
GROUP_SNAPSHOT_CREATE = Rule("group:create_group_snapshot", project_member, "Create a group snapshot.")
GROUP_SNAPSHOT_DELETE = Rule("group:delete_group_snapshot", project_member, "Delete a group snapshot.")
GROUP_SNAPSHOT_RESET_STATUS = Rule("group:reset_group_snapshot_status", admin, "Reset a group snapshot's status.")
GROUP_TYPE_GET = Rule("group:access_group_types_specs", anyone, "Show group types.")
GROUP_TYPE_MANAGE = Rule("group:group_types_manage", admin, "Create, update and delete group types.")
QOS_SPECS_GET = Rule("volume_extension:qos_specs_manage:get", admin, "Show QoS specs.")
QOS_SPECS_MANAGE = Rule("volume_extension:qos_specs_manage:create", admin, "Change QoS specs.")
MESSAGE_GET_ALL = Rule("message:get_all", project_reader, "List messages.")
MESSAGE_GET = Rule("message:get", project_reader, "Show a message.")
MESSAGE_DELETE = Rule("message:delete", project_member, "Delete a message.")
CLUSTER_GET_ALL = Rule("clusters:get_all", admin, "List clusters.")
CLUSTER_GET = Rule("clusters:get", admin, "Show a cluster.")
CLUSTER_UPDATE = Rule("clusters:update", admin, "Update a cluster.")
SERVICE_UPDATE = Rule("volume_extension:services:update", admin, "Update a block storage service.")
HOST_MANAGE = Rule("volume_extension:hosts", admin, "Show and update hosts.")
CAPABILITIES_GET = Rule("volume_extension:capabilities", admin, "Show the capabilities of a back end.")
RESOURCE_FILTERS_GET = Rule("volume_extension:resource_filters", anyone, "List the filters of lists.")
WORKER_CLEANUP = Rule("workers:cleanup", admin, "Clean up interrupted operations.")
VOLUME_MANAGE = Rule("volume_extension:volume_manage", admin, "Manage a volume that exists in a cloud.")
VOLUME_UNMANAGE = Rule("volume_extension:volume_unmanage", admin, "Stop managing a volume, which stays in its cloud.")
VOLUME_LIST_MANAGEABLE = Rule("volume_extension:list_manageable", admin, "List volumes that exist in a cloud.")
SNAPSHOT_MANAGE = Rule("snapshot_extension:snapshot_manage", admin, "Manage a snapshot that exists in a cloud.")
SNAPSHOT_UNMANAGE = Rule(
    "snapshot_extension:snapshot_unmanage", admin, "Stop managing a snapshot, which stays in its cloud."
)
SNAPSHOT_LIST_MANAGEABLE = Rule("snapshot_extension:list_manageable", admin, "List snapshots that exist in a cloud.")
DEFAULT_TYPE_GET_ALL = Rule("volume_extension:default_get_all", admin, "List default types of projects.")
DEFAULT_TYPE_GET = Rule("volume_extension:default_get", admin, "Show the default type of a project.")
DEFAULT_TYPE_SET = Rule("volume_extension:default_set_or_update", admin, "Set the default type of a project.")

RULES = list_declared_rules(globals())
