"""A running installation with a project that has something to show."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.ports import free_port
from support.programs import Cli

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A project with a customer account, a running server, a volume and an invoice."""
    cli = Cli(tmp_path_factory.mktemp("web") / "home")
    try:
        cli("up", "--detach", "--port", free_port())
        cli("price", "set", str(EXAMPLES / "by-the-minute.toml"))
        cli("invoice", "seller", "--legal-name", "Demo Hosting")
        cli("account", "create", "demo", "--currency", "EUR", "--plan", "by-the-minute")
        cli("account", "assign", "demo", "--project", "demo")
        cloud = cli.connect()
        cloud.create_image("debian", data=b"disk", disk_format="raw", container_format="bare", wait=True)
        image = cloud.image.find_image("debian", ignore_missing=False)
        flavor = cloud.compute.find_flavor("m1.small", ignore_missing=False)
        network = cloud.network.find_network("private", ignore_missing=False)
        server = cloud.compute.create_server(
            name="web", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
        )
        cloud.compute.wait_for_server(server, interval=0.1)
        cloud.block_storage.create_volume(name="data", size=3)
        cli("period", "close", "--account", "demo", "--until", "now", "--yes")
        cloud.close()
        yield cli
    finally:
        cli.stop()
