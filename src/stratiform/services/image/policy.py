"""Policy rules of the image service. Source: Glance's policy reference (secure defaults)."""

from stratiform.kit.policy import (
    Caller,
    Rule,
    admin,
    anyone,
    list_declared_rules,
    project_member,
    project_reader,
    system_reader,
)


def project_or_system_reader(caller: Caller, project_id: str | None) -> bool:
    """Readers of the project, system readers, and operators."""
    return project_reader(caller, project_id) or system_reader(caller, project_id)


IMAGES_CREATE = Rule("add_image", project_member, "Create an image")
IMAGES_GET = Rule("get_image", project_or_system_reader, "Show an image")
IMAGES_LIST = Rule("get_images", project_or_system_reader, "List images")
IMAGES_UPDATE = Rule("modify_image", project_member, "Update an image, add and delete its tags")
IMAGES_PUBLICIZE = Rule("publicize_image", admin, "Make an image public")
IMAGES_COMMUNITIZE = Rule("communitize_image", project_member, "Make an image a community image")
IMAGES_DELETE = Rule("delete_image", project_member, "Delete an image")
IMAGES_DEACTIVATE = Rule("deactivate", project_member, "Deactivate an image")
IMAGES_REACTIVATE = Rule("reactivate", project_member, "Reactivate an image")

IMAGE_DATA_UPLOAD = Rule("upload_image", project_member, "Upload the data of an image")
IMAGE_DATA_DOWNLOAD = Rule("download_image", project_or_system_reader, "Download the data of an image")

IMAGE_MEMBERS_LIST = Rule("get_members", project_or_system_reader, "List the members of an image")
IMAGE_MEMBERS_GET = Rule("get_member", project_or_system_reader, "Show a member of an image")
IMAGE_MEMBERS_CREATE = Rule("add_member", project_member, "Share an image with a project")
IMAGE_MEMBERS_UPDATE = Rule("modify_member", project_member, "Accept or reject a shared image")
IMAGE_MEMBERS_DELETE = Rule("delete_member", project_member, "Stop sharing an image with a project")

# Glance has no rules for these: every valid token may read them.
SCHEMAS_GET = Rule("get_schema", anyone, "Show the JSON schema of a resource")
IMPORT_INFO_GET = Rule("get_import_info", anyone, "Show the methods of image import")
STORES_INFO_GET = Rule("get_stores_info", anyone, "List the stores of image data")

RULES = list_declared_rules(globals())
