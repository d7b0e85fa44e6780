"""A server and a worker with the demo project on the simulated cloud, in this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stratiform.app import worker
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from support.processes import WAIT_S
from support.server import DEMO_PASSWORD, Live, live_server


@contextmanager
def demo_server(home: Path) -> Iterator[tuple[Live, str]]:
    """Run both in `home`. Yield the server, and the id of the image `cirros`."""
    with live_server(home) as live:
        services = live.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, DEMO_PASSWORD)
            cloud = services.clouds.accounts.ensure_default_cloud(ctx, "memory", "memory")
            assert cloud is not None
            services.clouds.bindings.create(ctx, project.id, cloud.id, "zone-a")
            services.compute.flavors.create_defaults(ctx)
            services.volume.volume_types.ensure_initial_types(ctx)
            services.network.default_networks.ensure_network(ctx, project.id)
            image = services.image.images.create_for_native_ids(ctx, "cirros")
            services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")
        handlers = worker.collect_handlers(services)
        background = Worker(services.database, handlers, name="wire", clock=services.clock, idle_us=20_000)
        thread = threading.Thread(target=background.run)
        thread.start()
        try:
            yield live, image.id
        finally:
            background.stop()
            thread.join(WAIT_S)
