"""An OpenStack cloud to which the connector connects: Stratiform's own API over the simulated cloud, with a worker.

API and worker are threads of the test's process. `openstack_lab` has a real installation instead.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack

from stratiform.app.settings import Settings
from stratiform.app.worker import build_worker
from stratiform.connectors.openstack.connector import OpenstackCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.interfaces.services import Services
from stratiform.kit.clock import SystemClock
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.model import UNBOUND_PROJECTS, ResourceType
from support.gnocchi import METRIC, PERIOD_S, Gnocchi, gnocchi_server
from support.processes import WAIT_S
from support.server import ADMIN_PASSWORD, DEMO_PASSWORD, Live, live_server

MULTIATTACH_TYPE, FAST_TYPE = "shared", "fast"

#: The poll table of Gnocchi's metric.
POLL = {"resource_type": "instance", "metric": METRIC, "aggregation": "rate:mean", "period_s": PERIOD_S}

_IMAGES = ("debian-12", "ubuntu-24.04")
_UNLIMITED_COMPUTE = ("instances", "cores", "ram", "key_pairs")
_UNLIMITED_VOLUMES = ("volumes", "snapshots", "gigabytes")
_UNLIMITED_NETWORK = (
    "networks",
    "subnets",
    "ports",
    "routers",
    "floating_ips",
    "security_groups",
    "security_group_rules",
)


@dataclass(frozen=True, slots=True)
class OpenstackCloudUnderTest:
    """`settings` of the connector for an ordinary user. `admin`: openstacksdk as the cloud's administrator."""

    settings: dict[str, str]
    admin: Any
    images: tuple[str, str]
    gnocchi: Gnocchi
    live: Live | None = None

    def connect(self, installation_id: str, **overrides: str) -> OpenstackCloud:
        """Return a connection of the connector, as an installation."""
        account = CloudAccount("cloud-1", "openstack-test", {**self.settings, **overrides})
        return connector.connect(account, Installation(installation_id, Path(), SystemClock()))

    def connect_sdk(self) -> Any:
        """Return openstacksdk as the ordinary user."""
        return connect_sdk(*(self.settings[name] for name in ("auth_url", "username", "password", "project_name")))


@contextmanager
def openstack_cloud(home: Path) -> Iterator[OpenstackCloudUnderTest]:
    """Run the cloud in a new installation."""
    with live_server(home) as live, gnocchi_server() as gnocchi:
        images = _create_images(live.services)
        with _working(live.services, Settings(home=home, port=1)):
            admin = connect_sdk(f"{live.url}/identity/v3", "admin", ADMIN_PASSWORD, "admin")
            project = admin.identity.find_project("demo", ignore_missing=False)
            set_unlimited(admin, project.id)
            _create_types(admin)
            create_external_network(admin)
            register_gnocchi(admin, gnocchi)
            settings = {
                "auth_url": f"{live.url}/identity/v3",
                "username": "demo",
                "password": DEMO_PASSWORD,
                "project_name": "demo",
                "inventory": "project",
                "multiattach_type": MULTIATTACH_TYPE,
                "external_network": "public",
            }
            yield OpenstackCloudUnderTest(settings, admin, images, gnocchi, live)
            admin.close()


def connect_sdk(auth_url: str, username: str, password: str, project_name: str) -> Any:
    return openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_url=auth_url,
        username=username,
        password=password,
        project_name=project_name,
        user_domain_name="Default",
        project_domain_name="Default",
        region_name=os.environ.get("OPENSTACK_REGION", "RegionOne"),
        compute_api_version="2.72",
    )


@contextmanager
def _working(services: Services, settings: Settings) -> Iterator[None]:
    """Run the worker of a server in a thread until the end of the block."""
    worker = build_worker(services, settings)
    thread = threading.Thread(target=worker.run, name="cloud-worker")
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        worker.wake()
        thread.join(WAIT_S)


def _create_images(services: Services) -> tuple[str, str]:
    """Create the simulated cloud, with two images. Return their ids."""
    with services.database.transaction() as db:
        ctx = RequestContext(db, SYSTEM, services.clock.now())
        cloud = services.clouds.accounts.create(ctx, "memory", "sim", {"latency_ms": "20"})
        services.compute.flavors.create_defaults(ctx)
        services.volume.volume_types.ensure_initial_types(ctx)
        ids = []
        for name in _IMAGES:
            image = services.image.images.create_for_native_ids(ctx, name)
            services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, f"memory-{name}")
            ids.append(image.id)
        services.clouds.bindings.create(ctx, UNBOUND_PROJECTS, cloud.id, "nova")
    return ids[0], ids[1]


def set_unlimited(admin: Any, project_id: str) -> None:
    admin.compute.update_quota_set(project_id, **dict.fromkeys(_UNLIMITED_COMPUTE, -1))
    admin.block_storage.update_quota_set(project_id, **dict.fromkeys(_UNLIMITED_VOLUMES, -1))
    admin.network.update_quota(project_id, **dict.fromkeys(_UNLIMITED_NETWORK, -1))


def _create_types(admin: Any) -> None:
    admin.block_storage.create_type(name=MULTIATTACH_TYPE, extra_specs={"multiattach": "<is> True"})


def create_external_network(admin: Any) -> None:
    network = admin.network.create_network(name="public", is_router_external=True)
    admin.network.create_subnet(network_id=network.id, ip_version=4, cidr="198.51.0.0/16", enable_dhcp=False)


def register_gnocchi(admin: Any, gnocchi: Gnocchi) -> Any:
    """Add the server to the catalog. Return the service."""
    service = admin.identity.create_service(name="gnocchi", type="metric")
    admin.identity.create_endpoint(service_id=service.id, interface="public", region_id="RegionOne", url=gnocchi.url)
    return service
