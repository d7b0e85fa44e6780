"""Config drives of servers, read from the simulated cloud with the ISO 9660 reader of pycdlib."""

import json
from io import BytesIO
from pathlib import Path

import pycdlib
import pytest

from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.errors import Invalid
from support.servers import ServerHarness, with_servers
from support.stacks import ServiceHarness

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcG2NmdQ2ZzN0Vw3yl0vcG+vX8Q6Ql8uZr0n0h1s4pJ web"


@pytest.fixture
def servers(service_harness: ServiceHarness) -> ServerHarness:
    return with_servers(service_harness)


def read_drive(content: bytes) -> dict[str, bytes]:
    """Return the files of an ISO image by their Rock Ridge path, which Linux shows, and check its Joliet paths."""
    image = pycdlib.PyCdlib()
    image.open_fp(BytesIO(content))
    assert image.pvd.volume_identifier.decode().strip() == "config-2"
    paths = {
        kind: sorted(f"{folder.rstrip('/')}/{name}" for folder, _, names in image.walk(**{kind: "/"}) for name in names)
        for kind in ("rr_path", "joliet_path")
    }
    assert paths["rr_path"] == paths["joliet_path"]
    files = {}
    for path in paths["rr_path"]:
        output = BytesIO()
        image.get_file_from_iso_fp(output, rr_path=path)
        files[path] = output.getvalue()
    image.close()
    return files


def test_the_drive_has_user_data_key_and_network(servers: ServerHarness) -> None:
    with servers.ctx() as ctx:
        servers.compute.keypairs.create(ctx, "laptop", PUBLIC_KEY)
    server = servers.create_active(config_drive=True, key_name="laptop", user_data="I2Nsb3VkLWNvbmZpZwo=")
    files = read_drive(servers.cloud.client.read_config_drive(server.native_id))
    meta = json.loads(files["/openstack/latest/meta_data.json"])
    assert (meta["uuid"], meta["public_keys"]) == (server.id, {"laptop": PUBLIC_KEY})
    assert files["/openstack/latest/user_data"] == files["/ec2/latest/user-data"] == b"#cloud-config\n"
    assert len(json.loads(files["/openstack/latest/network_data.json"])["links"]) == 1
    assert json.loads(files["/ec2/2009-04-04/meta-data.json"])["public-keys"] == {"0": {"openssh-key": PUBLIC_KEY}}
    assert "/openstack/2012-08-10/meta_data.json" in files
    assert not [path for path in files if path.endswith("password")]


def test_servers_have_no_drive_by_default(servers: ServerHarness) -> None:
    server = servers.create_active()
    assert servers.cloud.client.read_config_drive(server.native_id) == b""


def test_clouds_without_config_drives_refuse_them(servers: ServerHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    from stratiform.connectors.memory.connector import MemoryConnector

    monkeypatch.setattr(MemoryConnector, "unsupported", {ServerOperation.CONFIG_DRIVE: "No drives."}, raising=False)
    with pytest.raises(Invalid, match=r"No drives\."):
        servers.create(config_drive=True)
    assert servers.create().config_drive is False


def test_vendor_data_comes_from_a_file(home: Path) -> None:
    from stratiform.app.settings import Settings

    home.mkdir()
    (home / "vendor.json").write_text('{"ntp": ["192.0.2.1"]}')
    assert Settings(home=home, vendordata_jsonfile_path="vendor.json").load_vendor_data() == {"ntp": ["192.0.2.1"]}
    (home / "vendor.json").write_text("[]")
    with pytest.raises(Invalid, match="not a JSON object"):
        Settings(home=home, vendordata_jsonfile_path="vendor.json").load_vendor_data()
