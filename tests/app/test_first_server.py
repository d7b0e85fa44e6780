"""A fresh home can be used at once: the first server needs no upload and no configuration."""

from pathlib import Path

from support.ports import free_port
from support.programs import Cli


def test_the_first_server_of_a_fresh_home_becomes_active(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "home")
    cli("up", "--detach", "--port", free_port())
    try:
        connection = cli.connect("stratiform-demo")
        compute = connection.compute
        image = connection.image.find_image("cirros", ignore_missing=False)
        flavor = compute.find_flavor("m1.tiny", ignore_missing=False)
        server = compute.create_server(name="first", image_id=image.id, flavor_id=flavor.id, networks="auto")
        server = compute.wait_for_server(server, wait=120, interval=0.2)
        assert server.status == "ACTIVE"
        assert server.addresses
    finally:
        cli.stop()
