"""Regions, availability zones and instance types."""

from collections.abc import Mapping

from stratiform.interfaces.ec2 import lists
from stratiform.interfaces.ec2.api import Ec2Request, Response, action
from stratiform.interfaces.ec2.settings import PATH
from stratiform.interfaces.ec2.xml_format import Value
from stratiform.services.compute import policy
from stratiform.services.compute.model.flavors import Flavor, FlavorFilter

_REGION_FILTERS: Mapping[str, lists.GetValues[str]] = {"region-name": lambda region: [region]}

_ZONE_FILTERS: Mapping[str, lists.GetValues[str]] = {
    "state": lambda _: ["available"],
    "zone-name": lambda zone: [zone],
    "zone-id": lambda zone: [zone],
}

_TYPE_FILTERS: Mapping[str, lists.GetValues[Flavor]] = {
    "instance-type": lambda flavor: [flavor.name],
    "memory-info.size-in-mib": lambda flavor: [flavor.ram],
    "vcpu-info.default-vcpus": lambda flavor: [flavor.vcpus],
}


@action("DescribeRegions", policy.AVAILABILITY_ZONES_LIST)
def describe_regions(request: Ec2Request) -> Response:
    requested = request.parameters.list_values("RegionName")
    regions = lists.select_requested([request.services.region], requested, str, "InvalidParameterValue", str)
    regions = lists.select_items(request.parameters, regions, _REGION_FILTERS)
    endpoint = f"{request.services.url.partition('://')[2]}{PATH}"
    return {
        "regionInfo": [
            {"regionName": region, "regionEndpoint": endpoint, "optInStatus": "opt-in-not-required"}
            for region in regions
        ]
    }


@action("DescribeAvailabilityZones", policy.AVAILABILITY_ZONES_LIST)
def describe_availability_zones(request: Ec2Request) -> Response:
    zones = request.services.compute.availability_zones.list(request.ctx)
    requested = request.parameters.list_values("ZoneName")
    selected = lists.select_requested(zones, requested, str, "InvalidParameterValue", str)
    return {
        "availabilityZoneInfo": [
            {
                "zoneName": zone,
                "zoneId": zone,
                "zoneState": "available",
                "zoneType": "availability-zone",
                "regionName": request.services.region,
                "messageSet": [],
            }
            for zone in lists.select_items(request.parameters, selected, _ZONE_FILTERS)
        ]
    }


@action("DescribeInstanceTypes", policy.FLAVORS_READ)
def describe_instance_types(request: Ec2Request) -> Response:
    """List the flavors that the project may use."""
    service = request.services.compute.flavors
    flavors = lists.read_all(lambda page: service.list(request.ctx, FlavorFilter(), page), lambda flavor: flavor.id)
    requested = request.parameters.list_values("InstanceType")
    flavors = lists.select_requested(flavors, requested, lambda flavor: flavor.name, "InvalidInstanceType", str)
    flavors = lists.select_items(request.parameters, flavors, _TYPE_FILTERS)
    page, next_token = lists.paginate(request.parameters, flavors, lambda flavor: flavor.id)
    return {"instanceTypeSet": [_build_type(flavor) for flavor in page], "nextToken": next_token}


def _build_type(flavor: Flavor) -> Mapping[str, Value]:
    return {
        "instanceType": flavor.name,
        "currentGeneration": True,
        "vCpuInfo": {"defaultVCpus": flavor.vcpus},
        "memoryInfo": {"sizeInMiB": flavor.ram},
        "instanceStorageSupported": bool(flavor.disk),
        "instanceStorageInfo": {"totalSizeInGB": flavor.disk} if flavor.disk else None,
        "processorInfo": {"supportedArchitectures": ["x86_64"]},
        "supportedVirtualizationTypes": ["hvm"],
        "bareMetal": False,
    }
