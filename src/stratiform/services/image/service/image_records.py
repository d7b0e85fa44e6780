"""The rows of images, whose changes are reported to other programs."""

from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.notifier import Notifier
from stratiform.kit.policy import Caller
from stratiform.services.image import events
from stratiform.services.image.model import Image, ImageMember
from stratiform.services.image.repository import images


@dataclass(frozen=True, slots=True)
class ImageRecords:
    """Writes rows, and appends the notifications of the changes in the same transaction."""

    notifier: Notifier

    def insert(self, db: Connection, image: Image) -> bool:
        """Return False if the id exists already."""
        is_new = images.insert(db, image)
        if is_new:
            self.notifier.append(db, events.CREATED, events.build_payload(image), image.created_at)
        return is_new

    def save(self, db: Connection, image: Image) -> Image:
        self.notifier.append(db, events.UPDATED, events.build_payload(image), image.updated_at)
        return images.save(db, image)

    def save_with_data(self, db: Connection, image: Image, *, is_activated: bool) -> Image:
        """Save an image that has received data. `is_activated`: it was not active before."""
        self.notifier.append(db, events.UPLOADED, events.build_import_payload(image), image.updated_at)
        if is_activated:
            self.report_activation(db, image)
        return self.save(db, image)

    def delete(self, db: Connection, image: Image, now: Micros) -> None:
        images.delete(db, image.id)
        deleted = events.build_payload(replace(image, status="deleted", updated_at=now))
        self.notifier.append(db, events.DELETED, events.mark_deleted(deleted, now), now)

    def report_upload(self, db: Connection, image: Image, store_id: str, now: Micros) -> None:
        """Report that a store is about to receive data of an image."""
        payload = {**events.build_import_payload(image), "backend": store_id}
        self.notifier.append(db, events.PREPARED, payload, now)

    def report_failed_upload(self, db: Connection, image_id: str, error: BaseException, now: Micros) -> None:
        """Report that data of an image was not stored; as in Glance, an error whose payload is a text."""
        text = events.describe_failed_upload(image_id, error)
        self.notifier.append(db, events.UPLOADED, text, now, priority="error")

    def report_activation(self, db: Connection, image: Image) -> None:
        self.notifier.append(db, events.ACTIVATED, events.build_payload(image), image.updated_at)

    def report_download(self, db: Connection, image: Image, caller: Caller, bytes_sent: int, now: Micros) -> None:
        self.notifier.append(db, events.SENT, events.build_send_payload(image, caller, bytes_sent), now)

    def report_member(self, db: Connection, event_type: str, member: ImageMember, now: Micros) -> None:
        payload = events.build_member_payload(member)
        is_deleted = event_type == events.MEMBER_DELETED
        self.notifier.append(db, event_type, events.mark_deleted(payload, now) if is_deleted else payload, now)
