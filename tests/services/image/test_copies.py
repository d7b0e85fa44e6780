"""Our images in clouds: the cloud's own where it is registered, else our bytes, once."""

from dataclasses import dataclass
from typing import cast

import pytest

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.errors import CloudError, RequestRejected
from stratiform.kit.clock import MINUTE_US
from stratiform.kit.errors import Unavailable
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work import Worker
from stratiform.services.clouds.model import ResourceType
from stratiform.services.image.repository import records
from stratiform.services.image.tasks import handlers
from support.stacks import Bench, customer


@dataclass(frozen=True, slots=True)
class Clouded:
    """An image with bytes, and a simulated cloud."""

    of: Bench
    cloud_id: str
    image_id: str

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.of.services.clouds.connections.get(self.cloud_id))

    def in_cloud(self) -> str:
        return self.of.services.image.in_cloud(self.cloud_id, self.image_id)

    def copies(self) -> list[str]:
        """The tokens of the images that are alive in the cloud and that we made."""
        with self.cloud.client.request() as request:
            rows = request.all("SELECT token FROM images WHERE token <> '' AND deleted_at IS NULL")
        return [row["token"] for row in rows]

    def delete(self) -> None:
        with self.of.services.database.transaction() as db:
            self.of.services.image.delete(self.of.ctx(db, customer()), self.image_id)

    def work(self) -> None:
        worker = Worker(self.of.services.database, handlers(self.of.services.image), name="w", clock=self.of.clock)
        worker.run_until_idle()


@pytest.fixture
def clouded(stack_bench: Bench) -> Clouded:
    services = stack_bench.services
    with services.database.transaction() as db:
        cloud = services.clouds.accounts.create(stack_bench.ctx(db, SYSTEM), "memory", "sim", {"seed": "1"})
        ctx = stack_bench.ctx(db, customer())
        image = services.image.create(ctx, {"name": "a", "disk_format": "raw", "container_format": "bare"})
        incoming = services.image.begin_upload(ctx, image.id)
    incoming.write(b"x" * 100_000)
    services.image.finish_upload(incoming)
    return Clouded(stack_bench, cloud.id, image.id)


def test_bytes_are_carried_once(clouded: Clouded) -> None:
    native = clouded.in_cloud()
    clouded.cloud.client.set_faults(fail_next=1)
    assert clouded.in_cloud() == native
    clouded.cloud.client.clear_faults()
    assert clouded.copies() == [clouded.image_id]


def test_a_registered_image_is_not_carried(clouded: Clouded) -> None:
    with clouded.of.services.database.transaction() as db:
        ctx = clouded.of.ctx(db, SYSTEM)
        clouded.of.services.clouds.native_resources.register(
            ctx, clouded.cloud_id, ResourceType.IMAGE, clouded.image_id, "native-7"
        )
    assert clouded.in_cloud() == "native-7"
    assert clouded.copies() == []


def test_lost_answers_make_no_second_copy(clouded: Clouded) -> None:
    clouded.cloud.client.set_faults(lose_percent=40, fail_percent=20)
    for _ in range(200):
        try:
            clouded.in_cloud()
        except CloudError:
            continue
        break
    clouded.cloud.client.clear_faults()
    assert clouded.in_cloud()
    assert clouded.copies() == [clouded.image_id]


def test_one_worker_at_a_time_carries(clouded: Clouded) -> None:
    service, cloud = clouded.of.services.image, clouded.cloud
    with clouded.of.services.database.snapshot() as db:
        assert records.copy(db, clouded.image_id, clouded.cloud_id) is None
    mine = service._claim(clouded.cloud_id, clouded.image_id, cloud.image)
    with pytest.raises(Unavailable):
        clouded.in_cloud()
    clouded.of.clock.advance(2 * MINUTE_US)
    native = clouded.in_cloud()
    with clouded.of.services.database.transaction() as db:
        assert not records.set_copy(db, mine, native_id="late")
    assert clouded.in_cloud() == native


def test_without_bytes_and_unregistered_it_is_refused(clouded: Clouded) -> None:
    services = clouded.of.services
    with services.database.transaction() as db:
        ctx = clouded.of.ctx(db, customer("p1", "admin"))
        native = services.image.create_native(ctx, "debian", min_disk=2, os_distro="debian")
        queued = services.image.create(ctx, {"name": "b"})
    assert (native.status, native.visibility, native.min_disk) == ("active", "public", 2)
    assert native.properties == {"os_distro": "debian"}
    with pytest.raises(RequestRejected, match="not registered in this cloud"):
        services.image.in_cloud(clouded.cloud_id, native.id)
    with pytest.raises(RequestRejected, match="not active"):
        services.image.in_cloud(clouded.cloud_id, queued.id)


@pytest.mark.parametrize("lost", [False, True])
def test_a_deleted_image_goes_everywhere(clouded: Clouded, lost: bool) -> None:
    if lost:
        cloud = clouded.cloud
        assert cloud.image is not None
        clouded.of.services.image._claim(clouded.cloud_id, clouded.image_id, cloud.image)
        cloud.image.upload(clouded.image_id, "a", "raw", 100_000, iter([b"x" * 100_000]))
    else:
        clouded.in_cloud()
    clouded.delete()
    assert clouded.copies() == [clouded.image_id]
    clouded.work()
    clouded.of.clock.advance(2 * MINUTE_US)
    clouded.work()
    assert clouded.copies() == []
    assert list(clouded.of.services.image.folder.iterdir()) == []
    with clouded.of.services.database.snapshot() as db:
        assert records.copies_of(db, clouded.image_id) == []
