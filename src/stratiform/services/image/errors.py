"""What the Image API answers instead of what was asked. Source: glance/common/exception.py."""

from stratiform.kit.errors import Conflict, ContentTooLarge, Forbidden, Invalid, NotFound


class ImageNotFound(NotFound):
    def __init__(self, image_id: str) -> None:
        super().__init__(f"No image found with ID {image_id}")


class MemberNotFound(NotFound):
    def __init__(self, image_id: str, member_id: str) -> None:
        super().__init__(f"{member_id} not found in the member list of the image {image_id}.")


class TagNotFound(NotFound):
    def __init__(self, tag: str) -> None:
        super().__init__(f"Could not find tag {tag}.")


class Protected(Forbidden):
    def __init__(self, image_id: str) -> None:
        super().__init__(f"Image {image_id} is protected and cannot be deleted.")


class ReadOnly(Forbidden):
    def __init__(self, attribute: str) -> None:
        super().__init__(f"Attribute '{attribute}' is read-only.")


class Reserved(Forbidden):
    def __init__(self, attribute: str) -> None:
        super().__init__(f"Attribute '{attribute}' is reserved.")


class WrongState(Conflict):
    """The image is not in a status that allows this."""


class Deactivated(Forbidden):
    def __init__(self) -> None:
        super().__init__("The requested image has been deactivated. Image data download is forbidden.")


class FormatsMissing(Invalid):
    def __init__(self, missing: str) -> None:
        super().__init__(f"Properties {missing} must be set prior to saving data.")


class StoreFull(ContentTooLarge):
    def __init__(self) -> None:
        super().__init__("There is not enough disk space on the image storage media.")
