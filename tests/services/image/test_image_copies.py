"""Copies of images in clouds: registered native images, uploads, and their deletion."""

from dataclasses import dataclass
from typing import cast

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CloudError, RequestRejected
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.errors import Unavailable
from stratiform.kit.policy import SYSTEM
from stratiform.kit.public_downloads import parse_networks
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from stratiform.services.image.model import ImageLocation, set_locations
from stratiform.services.image.repository import image_copies, images
from stratiform.services.image.stores.http import HttpStore
from stratiform.services.image.tasks import build_handlers
from support.stacks import ServiceHarness, customer
from support.web_images import serve_image


@dataclass(frozen=True, slots=True)
class ImageInCloud:
    """An image with data, and a cloud of the memory connector that does not have it yet."""

    harness: ServiceHarness
    cloud_id: str
    image_id: str

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.harness.services.clouds.connections.get(self.cloud_id))

    def ensure(self) -> str:
        return self.harness.services.image.image_copies.ensure_copy(self.cloud_id, self.image_id)

    def list_tokens(self) -> list[str]:
        """Return the tokens of the uploaded images in the cloud."""
        with self.cloud.client.open_request() as request:
            rows = request.list_rows("SELECT token FROM images WHERE token <> '' AND deleted_at IS NULL")
        return [row["token"] for row in rows]

    def delete(self) -> None:
        with self.harness.services.database.transaction() as db:
            self.harness.services.image.images.delete(self.harness.ctx(db, customer()), self.image_id)

    def run_worker(self) -> None:
        services = self.harness.services
        Worker(services.database, build_handlers(services.image), name="w", clock=self.harness.clock).run_until_idle()


@pytest.fixture
def image(service_harness: ServiceHarness) -> ImageInCloud:
    services = service_harness.services
    with services.database.transaction() as db:
        cloud = services.clouds.accounts.create(service_harness.ctx(db, SYSTEM), "memory", "sim", {"seed": "1"})
        ctx = service_harness.ctx(db, customer())
        attributes = {"name": "a", "disk_format": "raw", "container_format": "bare"}
        image = services.image.images.create(ctx, attributes)
        upload = services.image.image_data.begin_upload(ctx, image.id)
    upload.write(b"x" * 100_000)
    services.image.image_data.finish_upload(upload)
    return ImageInCloud(service_harness, cloud.id, image.id)


def test_ensure_uploads_once(image: ImageInCloud) -> None:
    native_id = image.ensure()
    image.cloud.client.set_faults(fail_next=1)
    assert image.ensure() == native_id
    image.cloud.client.clear_faults()
    assert image.list_tokens() == [image.image_id]


def test_ensure_prefers_registered_image(image: ImageInCloud) -> None:
    with image.harness.services.database.transaction() as db:
        ctx = image.harness.ctx(db, SYSTEM)
        image.harness.services.clouds.native_ids.register(
            ctx, image.cloud_id, ResourceType.IMAGE, image.image_id, "native-7"
        )
    assert image.ensure() == "native-7"
    assert image.list_tokens() == []


def test_lost_responses_cause_no_second_copy(image: ImageInCloud) -> None:
    image.cloud.client.set_faults(lose_percent=40, fail_percent=20)
    for _ in range(200):
        try:
            image.ensure()
        except CloudError:
            continue
        break
    image.cloud.client.clear_faults()
    assert image.ensure()
    assert image.list_tokens() == [image.image_id]


def test_claim_excludes_other_workers_until_it_expires(image: ImageInCloud) -> None:
    services, cloud = image.harness.services, image.cloud
    with services.database.read_transaction() as db:
        assert image_copies.find(db, image.image_id, image.cloud_id) is None
    claimed = services.image.image_copies.claim_upload(image.cloud_id, image.image_id, cloud.image)
    with pytest.raises(Unavailable):
        image.ensure()
    image.harness.clock.advance(2 * MINUTE_US)
    native_id = image.ensure()
    with services.database.transaction() as db:
        assert not image_copies.complete_upload(db, claimed, "late")
    assert image.ensure() == native_id


def test_ensure_rejects_images_without_data(image: ImageInCloud) -> None:
    services = image.harness.services
    with services.database.transaction() as db:
        ctx = image.harness.ctx(db, customer("p1", "admin"))
        native = services.image.images.create_for_native_ids(ctx, "debian", min_disk=2, os_distro="debian")
        queued = services.image.images.create(ctx, {"name": "b"})
    assert (native.status, native.visibility, native.min_disk) == ("active", "public", 2)
    assert native.properties == {"os_distro": "debian"}
    with pytest.raises(RequestRejected, match="not registered in this cloud"):
        services.image.image_copies.ensure_copy(image.cloud_id, native.id)
    with pytest.raises(RequestRejected, match="not active"):
        services.image.image_copies.ensure_copy(image.cloud_id, queued.id)


@pytest.mark.parametrize("lose_response", [False, True])
def test_delete_removes_copies_and_data(image: ImageInCloud, lose_response: bool) -> None:
    services = image.harness.services
    if lose_response:
        cloud = image.cloud
        assert cloud.image is not None
        services.image.image_copies.claim_upload(image.cloud_id, image.image_id, cloud.image)
        cloud.image.upload(image.image_id, "a", "raw", 100_000, iter([b"x" * 100_000]))
    else:
        image.ensure()
    image.delete()
    assert image.list_tokens() == [image.image_id]
    image.run_worker()
    image.harness.clock.advance(2 * MINUTE_US)
    image.run_worker()
    assert image.list_tokens() == []
    assert list(services.image.image_data.store.folder.iterdir()) == []
    with services.database.read_transaction() as db:
        assert image_copies.list_all(db, image.image_id) == []


@pytest.mark.parametrize("content", [b"y" * 100_000, b"x" * 99_999, b"x" * 100_001])
def test_data_that_others_have_changed_is_not_uploaded(image: ImageInCloud, content: bytes) -> None:
    """Data on a web server that is no longer that of the image is refused before the cloud has all of it."""
    services = image.harness.services
    stores = services.image.image_data.stores
    stores.stores["web"] = HttpStore("web", parse_networks(["127.0.0.0/8"]))
    with serve_image() as web:
        with services.database.transaction() as db:
            stored = images.find(db, image.image_id)
            assert stored is not None
            images.save(db, set_locations(stored, [ImageLocation("web", web.url)]))
        web.content, web.stated_size = content, 100_000
        with pytest.raises(RequestRejected, match="has changed"):
            image.ensure()
        assert image.list_tokens() == []
        web.content = b"x" * 100_000
        assert image.ensure()
    assert image.list_tokens() == [image.image_id]
