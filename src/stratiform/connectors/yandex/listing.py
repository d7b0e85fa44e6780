"""Lists of the folder's resources, page by page. A filter by name returns at most one resource.

Source: Compute Cloud and VPC API references (List methods).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from yandex.cloud.compute.v1.disk_pb2 import Disk
from yandex.cloud.compute.v1.disk_service_pb2 import ListDisksRequest
from yandex.cloud.compute.v1.image_pb2 import Image
from yandex.cloud.compute.v1.image_service_pb2 import ListImagesRequest
from yandex.cloud.compute.v1.instance_pb2 import Instance
from yandex.cloud.compute.v1.instance_service_pb2 import ListInstancesRequest
from yandex.cloud.compute.v1.snapshot_pb2 import Snapshot
from yandex.cloud.compute.v1.snapshot_service_pb2 import ListSnapshotsRequest
from yandex.cloud.vpc.v1.address_pb2 import Address
from yandex.cloud.vpc.v1.address_service_pb2 import ListAddressesRequest
from yandex.cloud.vpc.v1.gateway_pb2 import Gateway
from yandex.cloud.vpc.v1.gateway_service_pb2 import ListGatewaysRequest
from yandex.cloud.vpc.v1.network_pb2 import Network
from yandex.cloud.vpc.v1.network_service_pb2 import ListNetworksRequest
from yandex.cloud.vpc.v1.route_table_pb2 import RouteTable
from yandex.cloud.vpc.v1.route_table_service_pb2 import ListRouteTablesRequest
from yandex.cloud.vpc.v1.security_group_pb2 import SecurityGroup
from yandex.cloud.vpc.v1.security_group_service_pb2 import ListSecurityGroupsRequest
from yandex.cloud.vpc.v1.subnet_pb2 import Subnet
from yandex.cloud.vpc.v1.subnet_service_pb2 import ListSubnetsRequest

from stratiform.connectors.yandex.client import PAGE_SIZE

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client


def filter_by_name(name: str) -> str:
    """Return the filter expression for the resource with a name; "" for all."""
    return f'name="{name}"' if name else ""


def list_instances(client: "Client", name: str = "") -> Iterator[list[Instance]]:
    def fetch(token: str) -> tuple[Iterable[Instance], str]:
        request = ListInstancesRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.instances.List, request)
        return page.instances, page.next_page_token

    return client.read_pages(fetch)


def list_disks(client: "Client", name: str = "") -> Iterator[list[Disk]]:
    def fetch(token: str) -> tuple[Iterable[Disk], str]:
        request = ListDisksRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.disks.List, request)
        return page.disks, page.next_page_token

    return client.read_pages(fetch)


def list_snapshots(client: "Client", name: str = "") -> Iterator[list[Snapshot]]:
    def fetch(token: str) -> tuple[Iterable[Snapshot], str]:
        request = ListSnapshotsRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.snapshots.List, request)
        return page.snapshots, page.next_page_token

    return client.read_pages(fetch)


def list_images(client: "Client", name: str = "") -> Iterator[list[Image]]:
    def fetch(token: str) -> tuple[Iterable[Image], str]:
        request = ListImagesRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.images.List, request)
        return page.images, page.next_page_token

    return client.read_pages(fetch)


def list_networks(client: "Client", name: str = "") -> Iterator[list[Network]]:
    def fetch(token: str) -> tuple[Iterable[Network], str]:
        request = ListNetworksRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.networks.List, request)
        return page.networks, page.next_page_token

    return client.read_pages(fetch)


def list_subnets(client: "Client", name: str = "") -> Iterator[list[Subnet]]:
    def fetch(token: str) -> tuple[Iterable[Subnet], str]:
        request = ListSubnetsRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.subnets.List, request)
        return page.subnets, page.next_page_token

    return client.read_pages(fetch)


def list_route_tables(client: "Client", name: str = "") -> Iterator[list[RouteTable]]:
    def fetch(token: str) -> tuple[Iterable[RouteTable], str]:
        request = ListRouteTablesRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.route_tables.List, request)
        return page.route_tables, page.next_page_token

    return client.read_pages(fetch)


def list_gateways(client: "Client", name: str = "") -> Iterator[list[Gateway]]:
    def fetch(token: str) -> tuple[Iterable[Gateway], str]:
        request = ListGatewaysRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.gateways.List, request)
        return page.gateways, page.next_page_token

    return client.read_pages(fetch)


def list_addresses(client: "Client", name: str = "") -> Iterator[list[Address]]:
    def fetch(token: str) -> tuple[Iterable[Address], str]:
        request = ListAddressesRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.addresses.List, request)
        return page.addresses, page.next_page_token

    return client.read_pages(fetch)


def list_security_groups(client: "Client", name: str = "") -> Iterator[list[SecurityGroup]]:
    def fetch(token: str) -> tuple[Iterable[SecurityGroup], str]:
        request = ListSecurityGroupsRequest(
            folder_id=client.settings.folder_id, page_size=PAGE_SIZE, page_token=token, filter=filter_by_name(name)
        )
        page = client.call(client.security_groups.List, request)
        return page.security_groups, page.next_page_token

    return client.read_pages(fetch)
