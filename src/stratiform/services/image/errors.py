"""Errors of the image service. Source of the texts: glance/common/exception.py."""

from stratiform.kit.errors import Conflict, ContentTooLarge, Forbidden, Invalid, NotFound, RemovedApi, Unavailable


class ImageNotFound(NotFound):
    def __init__(self, image_id: str) -> None:
        super().__init__(f"No image found with ID {image_id}")


class ImageMemberNotFound(NotFound):
    def __init__(self, image_id: str, member_id: str) -> None:
        super().__init__(f"{member_id} not found in the member list of the image {image_id}.")


class ImageTagNotFound(NotFound):
    def __init__(self, tag: str) -> None:
        super().__init__(f"Could not find tag {tag}.")


class ImageDataNotFound(NotFound):
    def __init__(self, image_id: str) -> None:
        super().__init__(f"Image data not found in the store: image {image_id}")


class ImageProtected(Forbidden):
    def __init__(self, image_id: str) -> None:
        super().__init__(f"Image {image_id} is protected and cannot be deleted.")


class ImageDeactivated(Forbidden):
    def __init__(self) -> None:
        super().__init__("The requested image has been deactivated. Image data download is forbidden.")


class ReadOnlyAttribute(Forbidden):
    def __init__(self, attribute: str) -> None:
        super().__init__(f"Attribute '{attribute}' is read-only.")


class ReservedAttribute(Forbidden):
    def __init__(self, attribute: str) -> None:
        super().__init__(f"Attribute '{attribute}' is reserved.")


class InvalidImageStatus(Conflict):
    """The status of the image does not allow this operation."""


class MissingImageFormats(Invalid):
    def __init__(self, attributes: str) -> None:
        super().__init__(f"Properties {attributes} must be set prior to saving data.")


class ImageSizeLimitExceeded(ContentTooLarge):
    def __init__(self) -> None:
        super().__init__("The provided image is too large.")


class ImageQuotaExceeded(ContentTooLarge):
    """Source of the text: oslo.limit. Sizes are in MiB."""

    def __init__(self, project_id: str, resource: str, limit: int, usage: int, delta: int) -> None:
        super().__init__(
            f"Project {project_id} is over a limit for [Resource {resource} is over limit of {limit} "
            f"due to current usage {usage} and delta {delta}]"
        )


class InvalidImageData(Invalid):
    """The format of the data is not the declared one, or the data refers to other files."""


class ImageTaskNotFound(NotFound):
    def __init__(self, task_id: str) -> None:
        super().__init__(f"Task not found: {task_id}")


class StorageFull(ContentTooLarge):
    def __init__(self) -> None:
        super().__init__("There is not enough disk space on the image storage media.")


class InvalidLocation(Invalid):
    """The address is not one of a store, has no data, or may not be registered."""

    def __init__(self) -> None:
        super().__init__("Invalid location")


class LocationExists(Invalid):
    def __init__(self, url: str) -> None:
        super().__init__(f"The location {url} already exists")


class LocationLimitExceeded(ContentTooLarge):
    def __init__(self, attempted: int, maximum: int) -> None:
        super().__init__(
            f"The limit has been exceeded on the number of allowed image locations. Attempted: {attempted}, "
            f"Maximum: {maximum}"
        )


class UnknownStore(Invalid):
    """Source of the text: glance_store.exceptions.UnknownScheme."""

    def __init__(self, store_id: str) -> None:
        super().__init__(f"Unknown scheme '{store_id}' found in URI")


class StoreReadOnly(RemovedApi):
    """The store cannot receive data. Source of text and status: glance/api/v2/image_data.py."""

    def __init__(self) -> None:
        super().__init__("Error in store configuration. Adding images to store is disabled.")


class StoreUnavailable(Unavailable):
    """A store cannot be reached, or does not respond as expected. `reason` is only logged."""

    def __init__(self, store_id: str, reason: str) -> None:
        super().__init__(f"Image store '{store_id}' is not available.", reason=reason)


class StorageWriteDenied(StoreUnavailable):
    """The store rejects our credentials."""

    def __init__(self, store_id: str, reason: str) -> None:
        super().__init__(store_id, reason)
        self.message = f"Insufficient permissions on image storage media: store '{store_id}'"


class MetadefNamespaceNotFound(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(f"Metadata definition namespace={name} was not found.")


class MetadefNamespaceExists(Conflict):
    def __init__(self, name: str) -> None:
        super().__init__(f"The metadata definition namespace={name} already exists.")


class MetadefNamespaceProtected(Forbidden):
    def __init__(self, name: str) -> None:
        super().__init__(f"Metadata definition namespace {name} is protected and cannot be deleted.")


class MetadefItemNotFound(NotFound):
    """`label`: the kind of the definition in errors, such as `metadata definition object`."""

    def __init__(self, label: str, name: str, namespace: str) -> None:
        super().__init__(f"The {label} with name={name} was not found in namespace={namespace}.")


class MetadefItemExists(Conflict):
    def __init__(self, label: str, name: str, namespace: str) -> None:
        super().__init__(f"A {label} with name={name} already exists in namespace={namespace}.")


class MetadefItemProtected(Forbidden):
    def __init__(self, label: str, name: str) -> None:
        super().__init__(f"The {label} {name} is protected and cannot be deleted.")
