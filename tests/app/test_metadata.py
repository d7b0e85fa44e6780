"""The metadata service on a port of its own, as Neutron's metadata agent connects to it."""

import hashlib
import hmac
from pathlib import Path

import pytest
from litestar.testing import TestClient

from stratiform.app import metadata
from stratiform.app.program_runner import _addresses, _require_different_ports
from stratiform.app.settings import Settings
from stratiform.kit.errors import Conflict
from support.servers import with_servers
from support.stacks import ServiceHarness


def test_the_listener_serves_metadata_at_its_root(service_harness: ServiceHarness, home: Path) -> None:
    server = with_servers(service_harness).create_active()
    settings = metadata.build_settings(Settings(home=home, metadata_proxy_shared_secret="secret"))
    signature = hmac.new(b"secret", server.id.encode(), hashlib.sha256).hexdigest()
    headers = {"X-Instance-ID": server.id, "X-Tenant-ID": server.project_id, "X-Instance-ID-Signature": signature}
    with TestClient(metadata.build_application(service_harness.services, settings)) as client:
        response = client.get("/openstack/latest/meta_data.json", headers=headers)
        assert (response.status_code, response.json()["uuid"]) == (200, server.id)
        assert client.get("/latest/meta-data/instance-type", headers=headers).text == "m1.tiny"
        assert client.get("/", headers=headers).text.split("\n")[-1] == "latest"
        unsigned = {**headers, "X-Instance-ID-Signature": "0" * 64}
        assert client.get("/openstack/latest/meta_data.json", headers=unsigned).status_code == 403


def test_listeners_need_different_ports(home: Path) -> None:
    settings = Settings(home=home, port=1, almanach_port=2, metadata_port=3, metadata_host="192.0.2.1")
    assert list(_addresses(settings).values()) == [("127.0.0.1", 1), ("127.0.0.1", 2), ("192.0.2.1", 3)]
    with pytest.raises(Conflict, match="almanach_port and metadata_port are both 2"):
        _require_different_ports(Settings(home=home, port=1, almanach_port=2, metadata_port=2))
