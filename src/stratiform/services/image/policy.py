"""Policy rules of the image service. Source: Glance's policy reference (secure defaults)."""

from stratiform.kit.policy import Rule, admin, declared_rules, project_member, project_reader

IMAGES_CREATE = Rule("add_image", project_member, "Create an image")
IMAGES_GET = Rule("get_image", project_reader, "Show an image")
IMAGES_LIST = Rule("get_images", project_reader, "List images")
IMAGES_UPDATE = Rule("modify_image", project_member, "Update an image, add and delete its tags")
IMAGES_PUBLICIZE = Rule("publicize_image", admin, "Make an image public")
IMAGES_COMMUNITIZE = Rule("communitize_image", project_member, "Make an image a community image")
IMAGES_DELETE = Rule("delete_image", project_member, "Delete an image")
IMAGES_DEACTIVATE = Rule("deactivate", project_member, "Deactivate an image")
IMAGES_REACTIVATE = Rule("reactivate", project_member, "Reactivate an image")

IMAGE_DATA_UPLOAD = Rule("upload_image", project_member, "Upload the data of an image")
IMAGE_DATA_DOWNLOAD = Rule("download_image", project_reader, "Download the data of an image")

IMAGE_MEMBERS_LIST = Rule("get_members", project_reader, "List the members of an image")
IMAGE_MEMBERS_GET = Rule("get_member", project_reader, "Show a member of an image")
IMAGE_MEMBERS_CREATE = Rule("add_member", project_member, "Share an image with a project")
IMAGE_MEMBERS_UPDATE = Rule("modify_member", project_member, "Accept or reject a shared image")
IMAGE_MEMBERS_DELETE = Rule("delete_member", project_member, "Stop sharing an image with a project")

RULES = declared_rules(globals())
