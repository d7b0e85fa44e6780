"""Who may do what with images. Source: Glance's policy reference (secure defaults)."""

from stratiform.kit.policy import Policy, admin, project_member, project_reader

policy = Policy(
    {
        "add_image": project_member,
        "get_image": project_reader,
        "get_images": project_reader,
        "modify_image": project_member,
        "publicize_image": admin,
        "communitize_image": project_member,
        "delete_image": project_member,
        "upload_image": project_member,
        "download_image": project_reader,
        "deactivate": project_member,
        "reactivate": project_member,
        "get_members": project_reader,
        "add_member": project_member,
        "delete_member": project_member,
        "modify_member": project_member,
    }
)
