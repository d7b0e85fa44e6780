"""Policy rules of the image service. Source: Glance's policy reference (secure defaults)."""

from stratiform.kit.policy import (
    Caller,
    Rule,
    admin,
    admin_or_service,
    anyone,
    list_declared_rules,
    project_member,
    project_reader,
    system_reader,
)


def project_or_system_reader(caller: Caller, project_id: str | None) -> bool:
    """Readers of the project, system readers, and operators."""
    return project_reader(caller, project_id) or system_reader(caller, project_id)


def member_or_service(caller: Caller, project_id: str | None) -> bool:
    """Members of the project, OpenStack services, and operators."""
    return project_member(caller, project_id) or admin_or_service(caller, project_id)


IMAGES_CREATE = Rule("add_image", project_member, "Create an image")
IMAGES_GET = Rule("get_image", project_or_system_reader, "Show an image")
IMAGES_LIST = Rule("get_images", project_or_system_reader, "List images")
IMAGES_UPDATE = Rule("modify_image", project_member, "Update an image, its tags included; stage and import its data")
IMAGES_PUBLICIZE = Rule("publicize_image", admin, "Make an image public")
IMAGES_COMMUNITIZE = Rule("communitize_image", project_member, "Make an image a community image")
IMAGES_COPY = Rule("copy_image", admin, "Copy the data of an image to other stores")
IMAGES_DELETE = Rule("delete_image", project_member, "Delete an image")
IMAGES_DEACTIVATE = Rule("deactivate", project_member, "Deactivate an image")
IMAGES_REACTIVATE = Rule("reactivate", project_member, "Reactivate an image")

IMAGE_DATA_UPLOAD = Rule("upload_image", project_member, "Upload the data of an image")
IMAGE_DATA_DOWNLOAD = Rule("download_image", project_or_system_reader, "Download the data of an image")

IMAGE_TASKS_LIST = Rule("get_tasks", admin, "List import tasks")
IMAGE_TASKS_GET = Rule("get_task", admin, "Show an import task")
IMAGE_TASKS_CREATE = Rule("add_task", admin, "Create an image and import its data")
IMAGE_LOCATIONS_LIST = Rule("fetch_image_location", admin_or_service, "List the locations of image data")
IMAGE_LOCATIONS_CREATE = Rule("add_image_location", member_or_service, "Register existing data as that of an image")
IMAGE_LOCATIONS_GET = Rule("get_image_location", project_or_system_reader, "See the locations of an image in responses")
IMAGE_LOCATIONS_UPDATE = Rule("set_image_location", project_member, "Add and replace the locations of an image")
IMAGE_LOCATIONS_DELETE = Rule("delete_image_location", admin, "Remove locations, and delete image data from a store")
IMAGE_CACHE_LIST = Rule("cache_list", admin, "List cached images")
IMAGE_CACHE_CREATE = Rule("cache_image", admin, "Cache an image")
IMAGE_CACHE_DELETE = Rule("cache_delete", admin, "Delete cached images")

IMAGE_MEMBERS_LIST = Rule("get_members", project_or_system_reader, "List the members of an image")
IMAGE_MEMBERS_GET = Rule("get_member", project_or_system_reader, "Show a member of an image")
IMAGE_MEMBERS_CREATE = Rule("add_member", project_member, "Share an image with a project")
IMAGE_MEMBERS_UPDATE = Rule("modify_member", project_member, "Accept or reject a shared image")
IMAGE_MEMBERS_DELETE = Rule("delete_member", project_member, "Stop sharing an image with a project")

METADEF_NAMESPACES_LIST = Rule("get_metadef_namespaces", project_reader, "List namespaces of metadata definitions")
METADEF_NAMESPACES_GET = Rule("get_metadef_namespace", project_reader, "Show a namespace of metadata definitions")
METADEF_NAMESPACES_CREATE = Rule("add_metadef_namespace", admin, "Create a namespace of metadata definitions")
METADEF_NAMESPACES_UPDATE = Rule("modify_metadef_namespace", admin, "Update a namespace of metadata definitions")
METADEF_NAMESPACES_DELETE = Rule(
    "delete_metadef_namespace", admin, "Delete a namespace of metadata definitions, or all objects or properties in it"
)
METADEF_OBJECTS_LIST = Rule("get_metadef_objects", project_reader, "List the objects of a namespace")
METADEF_OBJECTS_GET = Rule("get_metadef_object", project_reader, "Show an object of a namespace")
METADEF_OBJECTS_CREATE = Rule("add_metadef_object", admin, "Create an object in a namespace")
METADEF_OBJECTS_UPDATE = Rule("modify_metadef_object", admin, "Update an object of a namespace")
METADEF_OBJECTS_DELETE = Rule("delete_metadef_object", admin, "Delete an object of a namespace")
METADEF_PROPERTIES_LIST = Rule("get_metadef_properties", project_reader, "List the properties of a namespace")
METADEF_PROPERTIES_GET = Rule("get_metadef_property", project_reader, "Show a property of a namespace")
METADEF_PROPERTIES_CREATE = Rule("add_metadef_property", admin, "Create a property in a namespace")
METADEF_PROPERTIES_UPDATE = Rule("modify_metadef_property", admin, "Update a property of a namespace")
METADEF_PROPERTIES_DELETE = Rule("remove_metadef_property", admin, "Delete a property of a namespace")
METADEF_TAGS_LIST = Rule("get_metadef_tags", project_reader, "List the tags of a namespace")
METADEF_TAGS_GET = Rule("get_metadef_tag", project_reader, "Show a tag of a namespace")
METADEF_TAGS_CREATE = Rule("add_metadef_tag", admin, "Create a tag in a namespace")
METADEF_TAGS_REPLACE = Rule("add_metadef_tags", admin, "Create or replace the tags of a namespace")
METADEF_TAGS_UPDATE = Rule("modify_metadef_tag", admin, "Rename a tag of a namespace")
METADEF_TAGS_DELETE = Rule("delete_metadef_tag", admin, "Delete a tag of a namespace")
METADEF_TAGS_DELETE_ALL = Rule("delete_metadef_tags", admin, "Delete all tags of a namespace")
METADEF_RESOURCE_TYPES_LIST = Rule(
    "list_metadef_resource_types", project_reader, "List resource types, and those associated with a namespace"
)
METADEF_RESOURCE_TYPES_GET = Rule("get_metadef_resource_type", project_reader, "Show a resource type of a namespace")
METADEF_RESOURCE_TYPES_CREATE = Rule(
    "add_metadef_resource_type_association", admin, "Associate a resource type with a namespace"
)
METADEF_RESOURCE_TYPES_DELETE = Rule(
    "remove_metadef_resource_type_association", admin, "Remove the association of a resource type with a namespace"
)

# Glance has no rules for these: every valid token may read them.
SCHEMAS_GET = Rule("get_schema", anyone, "Show the JSON schema of a resource")
IMPORT_INFO_GET = Rule("get_import_info", anyone, "Show the methods of image import")
USAGE_INFO_GET = Rule("get_usage_info", project_reader, "Show the quotas of the project and their usage")
STORES_INFO_GET = Rule("get_stores_info", anyone, "List the stores of image data")

STORES_DETAIL_GET = Rule("stores_info_detail", admin, "List the stores of image data with their properties")

RULES = list_declared_rules(globals())
