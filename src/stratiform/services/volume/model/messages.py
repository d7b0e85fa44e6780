"""Messages about failed operations, with Cinder's texts. Source: cinder/message/message_field.py."""

from dataclasses import dataclass
from enum import Enum

from stratiform.kit.clock import DAY_US, Micros

#: The time for which a message is guaranteed to exist. Source: cinder.conf, `message_ttl`.
LIFETIME_US = 30 * DAY_US

VOLUME, SNAPSHOT, BACKUP = "VOLUME", "VOLUME_SNAPSHOT", "VOLUME_BACKUP"


class Action(Enum):
    """What failed: the number in event ids, and the text."""

    SCHEDULE = ("001", "schedule allocate volume")
    ATTACH = ("002", "attach volume")
    UPLOAD = ("003", "copy volume to image")
    COPY_IMAGE = ("005", "copy image to volume")
    UNMANAGE = ("006", "unmanage volume")
    EXTEND = ("007", "extend volume")
    CREATE = ("008", "create volume from backend storage")
    CREATE_SNAPSHOT = ("009", "create snapshot")
    DELETE_SNAPSHOT = ("010", "delete snapshot")
    CREATE_BACKUP = ("013", "create backup")
    DELETE_BACKUP = ("014", "delete backup")
    RESTORE_BACKUP = ("015", "restore backup")


class Detail(Enum):
    """Why it failed: the number in event ids, and the text."""

    UNKNOWN = ("001", "An unknown error occurred.")
    NO_BACKEND = ("003", "Could not find any available weighted backend.")
    UPLOAD = ("004", "Failed to upload volume to image at backend.")
    QUOTA = ("006", "Not enough quota resource for operation.")
    EXTEND = ("010", "Volume Driver failed to extend volume.")
    CREATE = ("012", "Driver failed to create the volume.")
    CREATE_SNAPSHOT = ("013", "Snapshot failed to create.")
    DELETE_SNAPSHOT = ("016", "Snapshot failed to delete.")
    CREATE_BACKUP = ("020", "Backup driver failed to create backup.")
    ATTACH = ("021", "Failed to attach volume.")
    DELETE_BACKUP = ("025", "Backup driver failed to delete backup.")
    RESTORE_BACKUP = ("026", "Backup driver failed to restore backup.")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed operation. `resource_id` "": that of the resource that the operation was about."""

    action: Action
    detail: Detail
    resource_type: str = VOLUME
    resource_id: str = ""

    @property
    def event_id(self) -> str:
        return f"VOLUME_{self.resource_type}_{self.action.value[0]}_{self.detail.value[0]}"

    @property
    def text(self) -> str:
        return f"{self.action.value[1]}:{self.detail.value[1]}"


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the users of a project. `request_id` is that of the request whose operation failed."""

    id: str
    project_id: str
    request_id: str
    resource_type: str
    resource_id: str
    event_id: str
    text: str
    level: str
    created_at: Micros
    expires_at: Micros


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Filters of a list; None: no filter."""

    project_id: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    event_id: str | None = None
    request_id: str | None = None
    level: str | None = None
