"""For tests of volumes: two projects that are bound to a simulated cloud, and a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.volume import Disk
from stratiform.kit import outbox
from stratiform.kit.call import Call
from stratiform.kit.clock import SECOND_US
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.work import Worker
from stratiform.services.volume.model import Attachment, NewVolume, Volume
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks import handlers
from support.stacks import Bench, customer


@dataclass(frozen=True, slots=True)
class VolumeBench:
    """The hands of these tests."""

    of: Bench
    cloud_id: str

    @property
    def service(self) -> VolumeService:
        return self.of.stack.volume

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.of.stack.clouds.connected(self.cloud_id))

    def disks(self) -> list[Disk]:
        assert self.cloud.volume is not None
        return list(self.cloud.volume.list())

    @contextmanager
    def call(self, caller: Caller | None = None) -> Iterator[Call]:
        with self.of.stack.database.transaction() as db:
            yield self.of.call(db, caller or customer("p1"))

    def operator(self) -> Caller:
        return customer("p1", "admin")

    def create(self, new: NewVolume = NewVolume(1)) -> Volume:
        with self.call() as call:
            return self.service.create(call, new)

    def available(self, new: NewVolume = NewVolume(1)) -> Volume:
        volume = self.create(new)
        self.work()
        return self.show(volume.id)

    def show(self, volume_id: str) -> Volume:
        with self.call() as call:
            return self.service.volume(call, volume_id)

    def in_use(self, volume_id: str, server_id: str = "s1", device: str | None = None) -> Attachment:
        with self.call() as call:
            attachment = self.service.begin_attach(call, volume_id, server_id, device)
            self.service.attached(call.db, attachment.id, call.now)
            return attachment

    def in_use_by(self, project_id: str, volume_id: str) -> Attachment:
        """Another project's volume, attached to its server s1."""
        with self.call(customer(project_id)) as call:
            attachment = self.service.begin_attach(call, volume_id, "s1", None)
            self.service.attached(call.db, attachment.id, call.now)
            return attachment

    def work(self, seconds: int = 5) -> None:
        """Let the worker do what is due in so many seconds."""
        for _ in range(seconds * 2):
            self.step()
            self.of.clock.advance(SECOND_US // 2)

    def step(self) -> None:
        """Let the worker do what is due at this instant."""
        stack = self.of.stack
        Worker(stack.database, handlers(stack.volume), name="test", clock=self.of.clock).run_until_idle()

    def events(self) -> list[outbox.Posted]:
        with self.of.stack.database.snapshot() as db:
            return outbox.waiting(db, 1000)

    def told(self) -> list[str]:
        return [event.event_type for event in self.events()]


def with_cloud(of: Bench) -> VolumeBench:
    with of.stack.database.transaction() as db:
        call = of.call(db, SYSTEM)
        cloud = of.stack.clouds.add(call, "memory", "sim", {})
        of.stack.clouds.bind(call, "p1", cloud.id, "zone-a")
        of.stack.clouds.bind(call, "p2", cloud.id)
        of.stack.volume.ensure_types(call)
    return VolumeBench(of, cloud.id)
