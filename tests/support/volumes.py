"""For tests of volumes: two projects that are bound to a simulated cloud, and a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.snapshot import NativeSnapshot
from stratiform.contract.volume import NativeVolume
from stratiform.kit import outbox
from stratiform.kit.clock import SECOND_US
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.work_queue import Worker
from stratiform.services.volume.model import Attachment, AttachmentOptions, NewVolume, Volume
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks import build_handlers
from support.stacks import ServiceHarness, customer, prepare


@dataclass(frozen=True, slots=True)
class VolumeHarness:
    """The hands of these tests."""

    harness: ServiceHarness
    cloud_id: str

    @property
    def service(self) -> VolumeService:
        return self.harness.services.volume

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.harness.services.clouds.connections.get(self.cloud_id))

    def native_volumes(self) -> list[NativeVolume]:
        assert self.cloud.volume is not None
        return list(self.cloud.volume.list())

    @contextmanager
    def ctx(self, caller: Caller | None = None) -> Iterator[RequestContext]:
        with self.harness.services.database.transaction() as db:
            yield self.harness.ctx(db, caller or customer("p1"))

    def admin(self) -> Caller:
        return customer("p1", "admin")

    def create(self, new: NewVolume = NewVolume(1)) -> Volume:
        with self.ctx() as ctx:
            return self.service.volumes.create(ctx, new)

    def create_available(self, new: NewVolume = NewVolume(1)) -> Volume:
        volume = self.create(new)
        self.run_worker()
        return self.get(volume.id)

    def get(self, volume_id: str) -> Volume:
        with self.ctx() as ctx:
            return self.service.volumes.get(ctx, volume_id)

    def attach(self, volume_id: str, server_id: str = "s1", device: str | None = None) -> Attachment:
        with self.ctx() as ctx:
            attachment = self.service.attachments.begin_attach(ctx, volume_id, server_id, AttachmentOptions(device))
            self.service.attachments.complete_attach(ctx.db, attachment.id, ctx.now)
            return attachment

    def attach_for_project(self, project_id: str, volume_id: str) -> Attachment:
        """Another project's volume, attached to its server s1."""
        with self.ctx(customer(project_id)) as ctx:
            attachment = self.service.attachments.begin_attach(ctx, volume_id, "s1")
            self.service.attachments.complete_attach(ctx.db, attachment.id, ctx.now)
            return attachment

    def run_worker(self, seconds: int = 5) -> None:
        """Let the worker do what is due in so many seconds."""
        for _ in range(seconds * 2):
            self.run_due_work()
            self.harness.clock.advance(SECOND_US // 2)

    def run_due_work(self) -> None:
        """Let the worker do what is due at this instant."""
        services = self.harness.services
        Worker(
            services.database, build_handlers(services.volume), name="test", clock=self.harness.clock
        ).run_until_idle()

    def native_snapshots(self) -> list[NativeSnapshot]:
        assert self.cloud.snapshot is not None
        return list(self.cloud.snapshot.list())

    def events(self, prefix: str = "volume.") -> list[outbox.Event]:
        """Return the notifications whose type starts with `prefix`, oldest first."""
        with self.harness.services.database.read_transaction() as db:
            return [event for event in outbox.list_pending_events(db, 1000) if event.event_type.startswith(prefix)]

    def event_types(self) -> list[str]:
        return [event.event_type for event in self.events()]


def with_cloud(of: ServiceHarness) -> VolumeHarness:
    return VolumeHarness(of, prepare(of, "volumes", _create_cloud))


def _create_cloud(of: ServiceHarness) -> str:
    """Create a cloud with two projects and the initial volume types. Return the id of the cloud."""
    with of.services.database.transaction() as db:
        ctx = of.ctx(db, SYSTEM)
        cloud = of.services.clouds.accounts.create(ctx, "memory", "sim", {})
        of.services.clouds.bindings.create(ctx, "p1", cloud.id, "zone-a")
        of.services.clouds.bindings.create(ctx, "p2", cloud.id)
        of.services.volume.volume_types.ensure_initial_types(ctx)
    return cloud.id
