"""Routers, floating IPs and security groups of a project on AWS (moto), from the API to EC2."""

from typing import cast

from stratiform.connectors.aws.connector import AwsCloud
from stratiform.contract.compute import ServerSize, ServerSpec
from stratiform.kit.policy import SYSTEM
from support.callers import Callers, open_callers
from support.moto import IMAGE, ZONE, aws_settings
from support.network_clouds import V2, create_subnet, run_worker
from support.stacks import ServiceHarness


def bind_aws(harness: ServiceHarness, project_id: str, url: str) -> AwsCloud:
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db, SYSTEM)
        cloud = harness.services.clouds.accounts.create(ctx, "aws", "aws", aws_settings(url))
        harness.services.clouds.bindings.create(ctx, project_id, cloud.id, "nova", ZONE)
    return cast("AwsCloud", harness.services.clouds.connections.get(cloud.id))


def list_objects(cloud: AwsCloud) -> dict[str, object]:
    """Return the fixed address of the floating IP, or None, of each object by its id."""
    assert cloud.routing
    return {item.token: item.properties.get("fixed_address") for item in cloud.routing.list_objects()}


def create_server(harness: ServiceHarness, cloud: AwsCloud, port_id: str) -> str:
    """Create the server of a port as the compute service does, and return its native id."""
    network = harness.services.network
    with harness.services.database.read_transaction() as db:
        port = network.ports.get(harness.ctx(db, SYSTEM), port_id)
        [stored] = harness.services.clouds.accounts.list_all(db)
    interfaces = network.native_subnets.prepare_interfaces(stored.id, [port])
    assert cloud.compute
    server = cloud.compute.create(ServerSpec("server-1", "s", ServerSize(1, 512, 0), IMAGE, interfaces))
    with harness.services.database.transaction() as db:
        network.cloud_objects.enqueue_for_ports(db, [port], harness.clock.now())
    run_worker(harness)
    return server.id


def create_router(api: Callers, external_id: str, subnet_id: str) -> str:
    router = {"external_gateway_info": {"network_id": external_id}}
    router_id = str(api.ok("POST", f"{V2}/routers", json={"router": router})["router"]["id"])
    api.ok("PUT", f"{V2}/routers/{router_id}/add_router_interface", json={"subnet_id": subnet_id})
    return router_id


def test_objects_exist_while_a_server_uses_them(service_harness: ServiceHarness, moto_url: str) -> None:
    with open_callers(service_harness) as api:
        cloud = bind_aws(service_harness, api.projects["green"], moto_url)
        external = create_subnet(api, "admin", "203.0.113.0/24", **{"router:external": True})
        subnet = create_subnet(api, "green", "10.7.0.0/24")
        router_id = create_router(api, external["network_id"], subnet["id"])
        group = api.ok("POST", f"{V2}/security-groups", json={"security_group": {"name": "web"}})["security_group"]
        rule = {"security_group_id": group["id"], "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
        api.ok("POST", f"{V2}/security-group-rules", json={"security_group_rule": rule})
        port = {"network_id": subnet["network_id"], "security_groups": [group["id"]]}
        port = api.ok("POST", f"{V2}/ports", json={"port": port})["port"]
        body = {"floating_network_id": external["network_id"], "port_id": port["id"]}
        floating_ip = api.ok("POST", f"{V2}/floatingips", json={"floatingip": body})["floatingip"]
        run_worker(service_harness)
        assert list_objects(cloud) == {floating_ip["id"]: None}  # no server uses the other objects yet
        [address] = cloud._client.ec2.describe_addresses(Filters=cloud._client.build_tag_filters())["Addresses"]
        assert address["PublicIp"] == floating_ip["floating_ip_address"]
        native_id = create_server(service_harness, cloud, port["id"])
        fixed_address = port["fixed_ips"][0]["ip_address"]
        assert list_objects(cloud) == {floating_ip["id"]: fixed_address, router_id: None, group["id"]: None}
        assert cloud.compute
        cloud.compute.delete(native_id)
        api.ok("DELETE", f"{V2}/floatingips/{floating_ip['id']}")
        api.ok("DELETE", f"{V2}/ports/{port['id']}")
        api.ok("DELETE", f"{V2}/security-groups/{group['id']}")
        api.ok("PUT", f"{V2}/routers/{router_id}/remove_router_interface", json={"subnet_id": subnet["id"]})
        api.ok("DELETE", f"{V2}/routers/{router_id}")
        run_worker(service_harness)
        assert list_objects(cloud) == {}
