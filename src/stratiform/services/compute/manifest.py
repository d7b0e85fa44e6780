"""The manifest of the compute service."""

from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import events, policy, tables, tasks
from stratiform.services.compute.model.remote_consoles import ConsoleSettings
from stratiform.services.compute.service import ComputeService
from stratiform.services.compute.service.instance_metadata import GuestSettings
from stratiform.services.image.service import ImageService
from stratiform.services.manifest import ServiceEnvironment, ServiceManifest, ServiceRegistry, list_declared_tables
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService


def _build(env: ServiceEnvironment, registry: ServiceRegistry) -> ComputeService:
    return ComputeService.build(
        ids=env.ids,
        clouds=registry.get(CloudsService),
        network=registry.get(NetworkService),
        image=registry.get(ImageService),
        volume=registry.get(VolumeService),
        reclaim_instance_interval_s=env.reclaim_instance_interval_s,
        enable_instance_password=env.enable_instance_password,
        quotas=env.compute_quotas,
        console_settings=ConsoleSettings(env.novnc_url, env.serial_console_url, token_ttl_s=env.console_token_ttl_s),
        guest_settings=GuestSettings(env.dhcp_domain, env.vendor_data),
    )


manifest = ServiceManifest(
    name="compute",
    build=_build,
    tables=list_declared_tables(tables),
    rules=policy.RULES,
    handlers=lambda registry: tasks.build_handlers(registry.get(ComputeService)),
    recurring=(tasks.SURVEY,),
    event_types=events.EVENT_TYPES,
)
