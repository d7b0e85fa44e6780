"""The compute service."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute.model.remote_consoles import ConsoleSettings
from stratiform.services.compute.service.aggregates import Aggregates
from stratiform.services.compute.service.availability_zones import AvailabilityZones
from stratiform.services.compute.service.block_devices import BlockDevices
from stratiform.services.compute.service.client_requests import ClientRequests
from stratiform.services.compute.service.compute_services import ComputeServices
from stratiform.services.compute.service.external_events import ExternalEvents
from stratiform.services.compute.service.flavor_access import FlavorAccess
from stratiform.services.compute.service.flavor_extra_specs import FlavorExtraSpecs
from stratiform.services.compute.service.flavor_synchronization import FlavorSynchronization
from stratiform.services.compute.service.flavors import Flavors
from stratiform.services.compute.service.floating_ips import FloatingIps
from stratiform.services.compute.service.hypervisors import Hypervisors
from stratiform.services.compute.service.instance_actions import InstanceActions
from stratiform.services.compute.service.instance_metadata import GuestSettings, InstanceMetadata
from stratiform.services.compute.service.keypairs import KeyPairs
from stratiform.services.compute.service.limits import Limits
from stratiform.services.compute.service.migrations import Migrations
from stratiform.services.compute.service.placement import Placement
from stratiform.services.compute.service.quota_sets import QuotaSets
from stratiform.services.compute.service.quotas import Quotas
from stratiform.services.compute.service.remote_consoles import RemoteConsoles
from stratiform.services.compute.service.security_groups import SecurityGroups
from stratiform.services.compute.service.server_actions import ServerActions
from stratiform.services.compute.service.server_addresses import ServerAddresses
from stratiform.services.compute.service.server_builder import ServerBuilder
from stratiform.services.compute.service.server_details import ServerDetails
from stratiform.services.compute.service.server_groups import ServerGroups
from stratiform.services.compute.service.server_interfaces import ServerInterfaces
from stratiform.services.compute.service.server_metadata import ServerMetadata
from stratiform.services.compute.service.server_security_groups import ServerSecurityGroups
from stratiform.services.compute.service.server_snapshots import ServerSnapshots
from stratiform.services.compute.service.server_state_actions import ServerStateActions
from stratiform.services.compute.service.server_tags import ServerTags
from stratiform.services.compute.service.servers import Servers
from stratiform.services.compute.service.sweeps import Sweeps
from stratiform.services.compute.service.volume_attachments import VolumeAttachments
from stratiform.services.image.service import ImageService
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class ComputeService:
    """The operations of compute by resource, and the services that its background tasks use.

    `reclaim_interval_us`: the grace period of deleted servers. `enable_instance_password`: responses have a password.
    """

    ids: Ids
    clouds: CloudsService
    network: NetworkService
    image: ImageService
    volume: VolumeService
    reclaim_interval_us: Micros
    enable_instance_password: bool

    servers: Servers
    placement: Placement
    sweeps: Sweeps
    server_actions: ServerActions
    server_state_actions: ServerStateActions
    server_snapshots: ServerSnapshots
    server_addresses: ServerAddresses
    server_interfaces: ServerInterfaces
    server_metadata: ServerMetadata
    security_groups: SecurityGroups
    server_security_groups: ServerSecurityGroups
    server_tags: ServerTags
    instance_actions: InstanceActions
    volume_attachments: VolumeAttachments
    flavors: Flavors
    flavor_access: FlavorAccess
    flavor_extra_specs: FlavorExtraSpecs
    flavor_synchronization: FlavorSynchronization
    keypairs: KeyPairs
    limits: Limits
    quota_sets: QuotaSets
    availability_zones: AvailabilityZones
    server_groups: ServerGroups
    services: ComputeServices
    hypervisors: Hypervisors
    aggregates: Aggregates
    server_details: ServerDetails
    external_events: ExternalEvents
    floating_ips: FloatingIps
    migrations: Migrations
    instance_metadata: InstanceMetadata
    client_requests: ClientRequests
    remote_consoles: RemoteConsoles

    @classmethod
    def build(
        cls,
        *,
        ids: Ids,
        clouds: CloudsService,
        network: NetworkService,
        image: ImageService,
        volume: VolumeService,
        reclaim_instance_interval_s: int = 0,
        enable_instance_password: bool = True,
        quotas: Mapping[str, int],
        guest_settings: GuestSettings,
        console_settings: ConsoleSettings,
    ) -> "ComputeService":
        reclaim_interval_us = reclaim_instance_interval_s * SECOND_US
        limits, placement, flavors = Quotas(quotas), Placement(clouds, image), Flavors(ids, clouds)
        security_groups, server_groups = SecurityGroups(network), ServerGroups(ids, limits)
        builder = ServerBuilder(ids, placement, network, BlockDevices(image, volume), limits, server_groups)
        return cls(
            ids=ids,
            clouds=clouds,
            network=network,
            image=image,
            volume=volume,
            reclaim_interval_us=reclaim_interval_us,
            enable_instance_password=enable_instance_password,
            servers=Servers(ids, network, volume, builder, reclaim_interval_us),
            placement=placement,
            sweeps=Sweeps(clouds, network, volume),
            server_actions=ServerActions(ids, clouds, network, image, volume, limits, placement),
            server_state_actions=ServerStateActions(ids, clouds, image),
            server_snapshots=ServerSnapshots(ids, clouds, image, volume),
            server_addresses=ServerAddresses(network),
            server_interfaces=ServerInterfaces(ids, clouds, network),
            server_metadata=ServerMetadata(ids),
            security_groups=security_groups,
            server_security_groups=ServerSecurityGroups(security_groups),
            server_tags=ServerTags(ids),
            instance_actions=InstanceActions(),
            volume_attachments=VolumeAttachments(ids, clouds, volume),
            flavors=flavors,
            flavor_access=FlavorAccess(),
            flavor_extra_specs=FlavorExtraSpecs(),
            flavor_synchronization=FlavorSynchronization(clouds, flavors),
            keypairs=KeyPairs(ids, limits),
            limits=Limits(limits),
            quota_sets=QuotaSets(limits),
            availability_zones=AvailabilityZones(clouds),
            server_groups=server_groups,
            services=ComputeServices(clouds),
            hypervisors=Hypervisors(clouds),
            aggregates=Aggregates(ids, clouds),
            server_details=ServerDetails(),
            external_events=ExternalEvents(ids, volume),
            floating_ips=FloatingIps(network),
            migrations=Migrations(),
            client_requests=ClientRequests(),
            remote_consoles=RemoteConsoles(clouds, console_settings),
            instance_metadata=InstanceMetadata(network, volume, guest_settings),
        )
