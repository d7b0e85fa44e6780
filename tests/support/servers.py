"""For tests of servers: two projects bound to a simulated cloud, an image, a network each, and a worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, cast

from sqlalchemy import select

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.compute import Compute, NativeServer
from stratiform.contract.errors import CloudError
from stratiform.kit import outbox
from stratiform.kit.clock import SECOND_US
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.work import Worker, enqueue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute import tasks
from stratiform.services.compute.model import NewServer, Server
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.tables import server_table
from stratiform.services.volume import tasks as volume_tasks
from stratiform.services.volume.model import NewVolume, Volume
from support.stacks import Bench, customer


@dataclass(frozen=True, slots=True)
class ServerBench:
    """The hands of these tests."""

    of: Bench
    cloud_id: str
    image_id: str
    project_id: str = "p1"

    @property
    def service(self) -> ComputeService:
        return self.of.services.compute

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.of.services.clouds.connections.get(self.cloud_id))

    @property
    def compute(self) -> Compute:
        assert self.cloud.compute is not None
        return self.cloud.compute

    @property
    def me(self) -> Caller:
        return customer(self.project_id)

    def machines(self) -> list[NativeServer]:
        return list(self.compute.list())

    def machines_if_told(self) -> list[NativeServer]:
        """What the cloud has; nothing, where its answer fails."""
        try:
            return self.machines()
        except CloudError:
            return []

    def rows(self) -> list[Server]:
        """Every server there ever was."""
        with self.of.services.database.snapshot() as db:
            return [Server(*row) for row in db.execute(select(*(server_table.c[f.name] for f in fields(Server))))]

    @contextmanager
    def ctx(self, caller: Caller | None = None) -> Iterator[RequestContext]:
        with self.of.services.database.transaction() as db:
            yield self.of.ctx(db, caller or self.me)

    def new(self, **changes: Any) -> NewServer:
        return NewServer(**{"name": "web", "flavor_id": "1", "image_id": self.image_id, **changes})

    def create(self, **changes: Any) -> Server:
        with self.ctx() as ctx:
            return self.service.create_servers(ctx, self.new(**changes))[0]

    def active(self, **changes: Any) -> Server:
        made = self.create(**changes)
        self.work(2)
        server = self.show(made.id)
        assert server.status == "ACTIVE", server
        return server

    def show(self, server_id: str) -> Server:
        """The row, also of a deleted server."""
        return next(row for row in self.rows() if row.id == server_id)

    def volume(self) -> Volume:
        with self.ctx() as ctx:
            made = self.of.services.volume.volumes.create(ctx, NewVolume(1))
        self.work(3)
        return made

    def work(self, seconds: int = 5) -> None:
        """Let the worker do what is due in so many seconds."""
        for _ in range(seconds * 4):
            self.step()
            self.of.clock.advance(SECOND_US // 4)
        self.step()

    def step(self) -> None:
        """Let the worker do what is due at this instant."""
        self.worker().run_until_idle()

    def worker(self) -> Worker:
        services = self.of.services
        handlers = {**tasks.handlers(services.compute), **volume_tasks.handlers(services.volume)}
        return Worker(services.database, handlers, name="test", clock=self.of.clock)

    def observe(self) -> None:
        """List the cloud once, some seconds from now, and do what comes of it."""
        self.of.clock.advance(10 * SECOND_US)
        with self.of.services.database.transaction() as db:
            enqueue(db, "compute.observe", self.cloud_id, self.of.clock.now())
        self.step()

    def events(self, server_id: str = "") -> list[outbox.Event]:
        with self.of.services.database.snapshot() as db:
            found = outbox.list_pending(db, 10_000)
        compute = [event for event in found if event.event_type.startswith("compute.")]
        return [event for event in compute if server_id in ("", event.payload["instance_id"])]

    def told(self, server_id: str = "") -> list[str]:
        return [event.event_type.removeprefix("compute.instance.") for event in self.events(server_id)]


def with_servers(of: Bench, projects: tuple[str, ...] = ("p1", "p2"), **settings: str) -> ServerBench:
    services = of.services
    with services.database.transaction() as db:
        ctx = of.ctx(db, SYSTEM)
        cloud = services.clouds.accounts.create(ctx, "memory", "sim", settings)
        services.compute.ensure_flavors(ctx)
        services.volume.volume_types.ensure_initial(ctx)
        image = services.image.images.create_native(ctx, "cirros")
        services.clouds.native_resources.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")
        for project in projects:
            services.clouds.bindings.create(ctx, project, cloud.id, "zone-a")
            services.network.default_networks.ensure(ctx, project)
    return ServerBench(of, cloud.id, image.id, projects[0])
