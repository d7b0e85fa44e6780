"""AccentOS's documented procedure for its module Clouds, line by line, with the unmodified `openstack` client.

`pip3`, `chown` and `systemctl` change the machine and are left out: `stratiform up` starts the services. The addresses
of the documentation are replaced by those of the test. Source: AccentOS, "Clouds: Installation and configuration".
"""

import json
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from sqlalchemy import create_engine, text

from support import client
from support.databases import SERVERS
from support.moto import moto_server
from support.ports import free_port
from support.processes import clean_environment
from support.programs import Cli

#: The lines of the page that need no running services, in its order.
BEFORE_START = """
openstack aos db list -n clouds
openstack aos configure -n clouds
cp /etc/aos/clouds.conf.example /etc/aos/clouds.conf
EDIT
openstack aos db migrate -n clouds
"""

AFTER_START = """
openstack user create --domain default --project service --project-domain default --password password --or-show aos
openstack role add --user aos --user-domain default --project service --project-domain default service
openstack service create --name clouds --description "Clouds Service" clouds
openstack endpoint create --region RegionOne clouds internal http://controller:9366
openstack endpoint create --region RegionOne clouds admin http://controller:9366
openstack endpoint create --region RegionOne clouds public http://controller:9366
openstack project create aws
openstack role add --project aws --user admin admin
openstack role add --project aws --user admin creator
openstack role add --project aws --user cinder observer
openstack role add --project aws --user glance observer
openstack role add --project aws --user nova observer
openstack role add --project aws --user neutron observer
openstack aos clouds add aws --project aws --access-key "AKIAIOSFODNN7EXAMPLE" \
--secret-key "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" --region us-east-2 --az us-east-2a
openstack aos clouds images register --project aws --cloud-image-id ami-0f7919c33c90f5b58
openstack aos clouds flavors register --project aws
openstack project create yandex
"""

YANDEX = (
    "openstack aos clouds add yandex --project yandex --service-account-id aaaaaaaaaaaaaaaaaaaa "
    "--private-key private.key --key-id bbbbbbbbbbbbbbbbbbbb --folder-id cccccccccccccccccccc --az ru-central1-a"
)

#: What an OpenStack that was installed before has.
PREREQUISITES = """
openstack project create service
openstack role create creator
openstack role create observer
openstack user create cinder
openstack user create glance
openstack user create nova
openstack user create neutron
"""

DOCUMENTED_IMAGE = "ami-0f7919c33c90f5b58"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@dataclass(frozen=True, slots=True)
class Procedure:
    """The control node: a home, the folder that stands for /etc/aos, and the address of the Clouds API."""

    cli: Cli
    config: Path
    database_url: str
    clouds_port: int
    environment: dict[str, str]

    def run(self, line: str) -> client.CommandResult:
        """Run one line of the page."""
        line = line.replace("http://controller:9366", f"http://127.0.0.1:{self.clouds_port}")
        line = line.replace("/etc/aos", str(self.config))
        program, *arguments = shlex.split(line)
        if program == "cp":
            shutil.copy(*arguments)
            return client.CommandResult(0, "", "")
        if program == "EDIT":
            conf = self.config / "clouds.conf"
            default = "mysql+pymysql://aos:password@localhost:3306/clouds?charset=utf8"
            assert default in conf.read_text()
            conf.write_text(conf.read_text().replace(default, self.database_url))
            return client.CommandResult(0, "", "")
        assert program == "openstack"
        return client.run(arguments, self.environment | self._sign_in())

    def succeed(self, line: str) -> str:
        result = self.run(line)
        assert result.exit_code == 0, f"{line}:\n{result.stdout}{result.stderr}"
        return result.stdout

    def _sign_in(self) -> dict[str, str]:
        clouds = self.cli.home / "clouds.yaml"
        if not clouds.exists():
            return {}
        return {"OS_CLIENT_CONFIG_FILE": str(clouds), "OS_CLOUD": "stratiform-admin"}


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """A database and a user, created by the statements of the page."""
    name = f"clouds_{uuid4().hex[:12]}"
    server = create_engine(SERVERS["mariadb"])
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
            for host in ("localhost", "%"):
                grant = f"GRANT ALL PRIVILEGES ON {name}.* TO '{name}'@'{host}' IDENTIFIED BY 'password'"
                connection.exec_driver_sql(grant.replace("%", "%%"))
    except Exception as error:
        pytest.skip(f"MariaDB is not available: {type(error).__name__}")
    yield f"mysql+pymysql://{name}:password@127.0.0.1:3306/{name}?charset=utf8"
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
        for host in ("localhost", "%"):
            connection.exec_driver_sql(f"DROP USER '{name}'@'{host}'".replace("%", "%%"))
    server.dispose()


@pytest.fixture(scope="module")
def procedure(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Procedure]:
    """A control node on which the page was followed until the services run."""
    folder = tmp_path_factory.mktemp("accentos")
    cli, config = Cli(folder / "home"), folder / "aos"
    with moto_server(folder) as moto_url:
        environment = {
            **clean_environment(STRATIFORM_HOME=str(cli.home), STRATIFORM_CLOUD_ENDPOINT=moto_url),
            "AOS_CONFIG_DIR": str(config),
            "AOS_SYSTEMD_DIR": str(folder / "systemd"),
        }
        (folder / "systemd").mkdir()
        procedure = Procedure(cli, config, database_url, free_port(), environment)
        for line in filter(None, BEFORE_START.splitlines()):
            procedure.succeed(line)
        result = cli.run("up", "--detach", "--port", free_port(), STRATIFORM_CLOUDS_PORT=procedure.clouds_port)
        assert result.returncode == 0, result.stderr
        try:
            for line in filter(None, PREREQUISITES.splitlines()):
                procedure.succeed(line)
            yield procedure
        finally:
            cli.stop()


def test_the_documented_procedure(procedure: Procedure, monkeypatch: pytest.MonkeyPatch) -> None:
    (procedure.config / "private.key").write_text("hush-private-key\n")
    monkeypatch.chdir(procedure.config)
    outputs = {}
    for line in filter(None, AFTER_START.splitlines()):
        if "images register" in line:
            line = line.replace(DOCUMENTED_IMAGE, create_image(procedure))
        result = procedure.run(line)
        assert result.exit_code == 0, f"{line}:\n{result.stdout}{result.stderr}"
        outputs[line] = result
        assert SECRET not in result.stdout + result.stderr
    added = next(result for line, result in outputs.items() if "clouds add aws" in line)
    assert "--secret-key can be read by other users of this machine" in added.stderr

    database = tomllib.loads((procedure.cli.home / "stratiform.toml").read_text())["database_url"]
    assert database == procedure.database_url.replace("charset=utf8", "charset=utf8mb4")
    cloud = json.loads(procedure.succeed("openstack clouds show aws -f json"))
    assert cloud["kind"] == "aws"
    assert (cloud["settings"]["region"], cloud["settings"]["az"]) == ("us-east-2", "us-east-2a")
    types = [native["resource_type"] for native in cloud["native_ids"]]
    assert types.count("image") == 1
    assert types.count("flavor") > 100
    bindings = json.loads(procedure.succeed("openstack aos clouds binding list --project aws -f json"))
    assert [(each["Project"], each["Availability Zone"]) for each in bindings] == [("aws", "us-east-2a")]
    flavors = json.loads(procedure.succeed("openstack flavor list --private -f json --limit 2"))
    assert len(flavors) == 2


def create_image(procedure: Procedure) -> str:
    """Return an image of the simulated AWS, which does not have the one of the page."""
    ec2 = boto3.client(
        "ec2",
        region_name="us-east-2",
        endpoint_url=procedure.environment["STRATIFORM_CLOUD_ENDPOINT"],
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key=SECRET,
    )
    return ec2.register_image(Name="documented", RootDeviceName="/dev/sda1")["ImageId"]


def test_yandex_key_is_not_printed(procedure: Procedure, tmp_path: Path) -> None:
    """The key of the page is not a valid one, so the account is refused."""
    key = tmp_path / "private.key"
    key.write_text("hush-private-key\n")
    result = procedure.run(YANDEX.replace("private.key", str(key)).replace("--project yandex", "--project admin"))
    assert result.exit_code == 1
    assert "yandex" in result.stderr.lower() or "service_account_key" in result.stderr
    assert "hush" not in result.stdout + result.stderr
    names = [cloud["Name"] for cloud in json.loads(procedure.succeed("openstack aos clouds list -f json"))]
    assert "admin" not in names


def test_configured_files(procedure: Procedure) -> None:
    units = procedure.config.parent / "systemd"
    for name, program in (("api", "api"), ("worker", "worker")):
        unit = (units / f"aos-clouds-{name}.service").read_text()
        assert f"-m stratiform {program}" in unit
        assert f"STRATIFORM_HOME={procedure.cli.home}" in unit


def test_other_modules_are_refused(procedure: Procedure) -> None:
    for line in ("db list", "db migrate", "configure"):
        assert "Module 'billing' is not installed" in procedure.run(f"openstack aos {line} -n billing").stderr


def test_migrations(procedure: Procedure) -> None:
    """After `migrate`, all of them are applied; those of the page's recovery plan need the programs to be stopped."""
    rows = json.loads(procedure.succeed("openstack aos db list -n clouds -f json"))
    assert [row["Number"] for row in rows] == [*range(1, len(rows) + 1)]
    assert all(row["Applied"] for row in rows)
    assert "unchanged" in procedure.succeed("openstack aos db migrate -n clouds")
    refused = procedure.run("openstack aos db migrate -n clouds --migration 2")
    assert refused.exit_code == 1
    assert "Stratiform is running" in refused.stderr
    assert "Migration '999' not found" in procedure.run("openstack aos db migrate -n clouds --migration 999").stderr
