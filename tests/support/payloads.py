"""Payloads that no recording has, as their services' documentation and source show them."""

from typing import Any

#: docs.openstack.org/octavia, "Octavia Event Notifications".
BALANCER: dict[str, Any] = {
    "enabled": True, "availability_zone": None, "created_at": "2022-04-22T23:02:14.000000", "description": "",
    "flavor_id": None, "id": "8d4c8f66-7ac1-408e-82d5-59f6fcdea9ee", "listeners": [], "name": "my-octavia-loadbalancer",
    "operating_status": "OFFLINE", "pools": [], "project_id": "qs59p6z696cp9cho8ze96edddvpfyvgz", "provider": "amphora",
    "provisioning_status": "PENDING_CREATE", "tags": [], "updated_at": None,
    "vip": {"ip_address": "192.168.100.2", "network_id": "n", "port_id": "p", "qos_policy_id": None, "subnet_id": "s"},
}  # fmt: skip

#: octavia/api/drivers/utils.py (lb_dict_to_provider_dict): what newer releases send.
BALANCER_OF_DRIVERS: dict[str, Any] = {
    "loadbalancer_id": "8d4c8f66-7ac1-408e-82d5-59f6fcdea9ee", "name": "my-octavia-loadbalancer", "description": "",
    "project_id": "qs59p6z696cp9cho8ze96edddvpfyvgz", "admin_state_up": True, "vip_address": "192.168.100.2",
    "vip_network_id": "n", "vip_port_id": "p", "vip_subnet_id": "s", "vip_qos_policy_id": None,
    "availability_zone": None, "flavor": {}, "listeners": [], "pools": [], "additional_vips": [],
}  # fmt: skip

#: ceilometermiddleware/swift.py: a CADF event; here a download of 28 bytes after 10 were sent.
REQUEST: dict[str, Any] = {
    "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "id": "e1", "eventType": "activity", "action": "read",
    "eventTime": "2026-03-01T06:51:34.474815", "outcome": "success", "observer": {"id": "target"},
    "initiator": {"id": "u", "typeURI": "service/security/account/user", "project_id": "p2"},
    "target": {
        "typeURI": "service/storage/object", "id": "p1", "action": "get",
        "metadata": {"path": "v1/AUTH_p1/c/o", "version": "v1", "container": "c", "object": "o"},
    },
    "measurements": [
        {"result": 10, "metric": {"metricId": "m1", "unit": "B", "name": "storage.objects.incoming.bytes"}},
        {"result": 28, "metric": {"metricId": "m2", "unit": "B", "name": "storage.objects.outgoing.bytes"}},
    ],
}  # fmt: skip

#: cinder/volume/volume_utils.py (_usage_from_backup).
BACKUP: dict[str, Any] = {
    "tenant_id": "p1", "user_id": "u", "availability_zone": "nova", "backup_id": "b1", "host": "lab",
    "display_name": "nightly", "created_at": "2026-03-01T06:00:00+00:00", "status": "available", "volume_id": "v1",
    "size": 3, "service_metadata": None, "service": "swift", "fail_reason": None, "parent_id": None,
    "num_dependent_backups": 0, "snapshot_id": None,
}  # fmt: skip


def sample(name: str, volume: Any, resource: str, **metadata: Any) -> dict[str, Any]:
    """One of Ceilometer's, as the recorded ones (ceilometer/sample.py)."""
    return {
        "source": "openstack", "counter_name": name, "counter_type": "gauge", "counter_unit": "x",
        "counter_volume": volume, "user_id": None, "project_id": "p1", "resource_id": resource,
        "timestamp": "2026-03-01T06:51:34.474815", "resource_metadata": metadata, "message_id": "s1",
        "monotonic_time": None, "message_signature": "",
    }  # fmt: skip


#: A network card's and a machine's counters, and what a container holds.
POLLED: dict[str, Any] = {
    "samples": [
        sample("network.outgoing.bytes", 1234, "instance-00000001-i1-tap63742e75-36", instance_id="i1"),
        sample("cpu", 52_000_000_000, "i1", display_name="srv"),
        sample("storage.containers.objects.size", 4096.5, "p1/photos"),
        sample("storage.objects.size", "70", "p1"),
        sample("temperature", 21, "room"),
    ]
}
