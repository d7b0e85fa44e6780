"""Servers under test: two projects bound to a simulated cloud, with an image, a network each, and a worker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, cast

from sqlalchemy import select

from stratiform.connectors.memory.connector import MemoryCloud
from stratiform.contract.compute import ComputeDriver, NativeServer
from stratiform.contract.errors import CloudError
from stratiform.kit import outbox
from stratiform.kit.clock import SECOND_US
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.compute import tasks
from stratiform.services.compute.model import NewServer, Server
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.tables import server_table
from stratiform.services.volume import tasks as volume_tasks
from stratiform.services.volume.model import NewVolume, Volume
from stratiform.services.volume.tables import volume_table
from support.stacks import ServiceHarness, customer, prepare


@dataclass(frozen=True, slots=True)
class ServerHarness:
    """The compute service over a simulated cloud. Requests are made as a member of `project_id`."""

    harness: ServiceHarness
    cloud_id: str
    image_id: str
    project_id: str = "p1"

    @property
    def compute(self) -> ComputeService:
        return self.harness.services.compute

    @property
    def cloud(self) -> MemoryCloud:
        return cast("MemoryCloud", self.harness.services.clouds.connections.get(self.cloud_id))

    @property
    def cloud_compute(self) -> ComputeDriver:
        """The simulated cloud's servers, for changes outside the API."""
        assert self.cloud.compute is not None
        return self.cloud.compute

    def native_servers(self) -> list[NativeServer]:
        """Return the servers in the cloud."""
        return list(self.cloud_compute.list())

    def native_servers_or_none(self) -> list[NativeServer]:
        """Return the servers in the cloud; an empty list if the request fails."""
        try:
            return self.native_servers()
        except CloudError:
            return []

    def rows(self) -> list[Server]:
        """Return all servers, including deleted ones."""
        with self.harness.services.database.read_transaction() as db:
            return [Server(*row) for row in db.execute(select(*(server_table.c[f.name] for f in fields(Server))))]

    @contextmanager
    def ctx(self, caller: Caller | None = None) -> Iterator[RequestContext]:
        with self.harness.services.database.transaction() as db:
            yield self.harness.ctx(db, caller or customer(self.project_id))

    def new_server(self, **changes: Any) -> NewServer:
        return NewServer(**{"name": "web", "flavor_id": "1", "image_id": self.image_id, **changes})

    def create(self, **changes: Any) -> Server:
        with self.ctx() as ctx:
            return self.compute.servers.create(ctx, self.new_server(**changes))[0]

    def create_active(self, **changes: Any) -> Server:
        """Create a server and let the worker run until it is active."""
        created = self.create(**changes)
        self.run_worker(2)
        server = self.get(created.id)
        assert server.status == "ACTIVE", server
        return server

    def get(self, server_id: str) -> Server:
        """Return the row, also of a deleted server."""
        return next(row for row in self.rows() if row.id == server_id)

    def create_volume(self, size_gib: int = 1, image_id: str = "") -> Volume:
        with self.ctx() as ctx:
            volume = self.harness.services.volume.volumes.create(ctx, NewVolume(size_gib, image_id=image_id))
        self.run_worker(3)
        return volume

    def list_volumes(self) -> list[Volume]:
        """Return all volumes, including deleted ones, oldest first."""
        with self.harness.services.database.read_transaction() as db:
            rows = db.execute(select(*(volume_table.c[f.name] for f in fields(Volume))).order_by(volume_table.c.id))
            return [Volume(*row) for row in rows]

    def run_worker(self, seconds: int = 5) -> None:
        """Advance the clock by `seconds`, and run the work that becomes due meanwhile."""
        for _ in range(seconds * 4):
            self.run_due_work()
            self.harness.clock.advance(SECOND_US // 4)
        self.run_due_work()

    def run_due_work(self) -> None:
        """Run the work that is due now."""
        services = self.harness.services
        handlers = {**tasks.build_handlers(services.compute), **volume_tasks.build_handlers(services.volume)}
        Worker(services.database, handlers, name="test", clock=self.harness.clock).run_until_idle()

    def observe(self) -> None:
        """Observe the cloud ten seconds from now."""
        self.harness.clock.advance(10 * SECOND_US)
        with self.harness.services.database.transaction() as db:
            enqueue(db, "compute.observe", self.cloud_id, self.harness.clock.now())
        self.run_due_work()

    def events(self, server_id: str = "") -> Sequence[outbox.Event]:
        """Return the notifications of one server or of all servers, oldest first."""
        with self.harness.services.database.read_transaction() as db:
            events = outbox.list_pending_events(db, 10_000)
        compute_events = [event for event in events if event.event_type.startswith("compute.")]
        return [event for event in compute_events if server_id in ("", event.payload["instance_id"])]

    def event_types(self, server_id: str = "") -> list[str]:
        """Return the types of `events` without their common prefix."""
        return [event.event_type.removeprefix("compute.instance.") for event in self.events(server_id)]


def with_servers(harness: ServiceHarness, projects: tuple[str, ...] = ("p1", "p2"), **settings: str) -> ServerHarness:
    """Add a simulated cloud to `harness`, and bind the projects to it."""
    name = f"servers of {projects} with {settings}"
    cloud_id, image_id = prepare(harness, name, lambda harness: _create_cloud(harness, projects, settings))
    return ServerHarness(harness, cloud_id, image_id, projects[0])


def _create_cloud(harness: ServiceHarness, projects: Sequence[str], settings: dict[str, str]) -> tuple[str, str]:
    """Create what servers of `projects` need. Return the ids of the cloud and of an image."""
    services = harness.services
    with services.database.transaction() as db:
        ctx = harness.ctx(db, SYSTEM)
        cloud = services.clouds.accounts.create(ctx, "memory", "sim", settings)
        services.compute.flavors.create_defaults(ctx)
        services.volume.volume_types.ensure_initial_types(ctx)
        image = services.image.images.create_for_native_ids(ctx, "cirros")
        services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")
        for project in projects:
            services.clouds.bindings.create(ctx, project, cloud.id, "zone-a")
            services.network.default_networks.ensure_network(ctx, project)
    return cloud.id, image.id
