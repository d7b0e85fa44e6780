"""`openstack clouds …`: the plug-in of the `openstack` client, with a running API."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from osc_lib.exceptions import CommandError

from stratiform.interfaces.cli.openstack_plugin.account_options import AccountSettings, build_settings
from support.server import Live, live_server

AWS = [
    {"name": "access_key", "secret": False},
    {"name": "secret_key", "secret": True},
    {"name": "region", "secret": False},
    {"name": "az", "secret": False},
]
YANDEX = [{"name": "folder_id", "secret": False}, {"name": "service_account_key", "secret": True}]

OPTIONS = dict.fromkeys(
    ("access_key", "secret_key", "region", "service_account_id", "private_key", "key_id", "folder_id", "az")
)


def build(kind: str, environment: dict[str, str] | None = None, **options: object) -> AccountSettings:
    declared = AWS if kind == "aws" else YANDEX
    namespace = argparse.Namespace(**{**OPTIONS, "setting": [], "secret_file": [], **options})
    return build_settings(kind, declared, namespace, environment or {})


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(tmp_path_factory.mktemp("plugin")) as live:
        yield live


def test_options_of_aws() -> None:
    account = build("aws", access_key="k", secret_key="hush", region="r", az="ra")
    assert account.values == {"access_key": "k", "secret_key": "hush", "region": "r", "az": "ra"}
    (warning,) = account.warnings
    assert "--secret-key can be read by other users" in warning
    assert "hush" not in warning + repr(account)


def test_options_of_yandex(tmp_path: Path) -> None:
    key = tmp_path / "private.key"
    key.write_text("-----BEGIN PRIVATE KEY-----\n")
    account = build("yandex", service_account_id="s", private_key=str(key), key_id="k", folder_id="f", az="z")
    assert json.loads(account.values["service_account_key"]) == {
        "id": "k",
        "service_account_id": "s",
        "private_key": "-----BEGIN PRIVATE KEY-----\n",
    }
    assert (account.values["folder_id"], account.values["zone"], account.warnings) == ("f", "z", [])


def test_settings_from_environment_and_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("hush\n")
    environment = {"STRATIFORM_CLOUD_REGION": "r", "STRATIFORM_CLOUD_AZ": "environment", "STRATIFORM_CLOUD_X": "x"}
    account = build("aws", environment, az="option", setting=["access_key=k=1"], secret_file=[f"secret_key={file}"])
    assert account.values == {"region": "r", "az": "option", "access_key": "k=1", "secret_key": "hush"}
    assert account.warnings == []


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("aws", {"folder_id": "f"}, "--folder-id is not an option of clouds of the kind aws"),
        ("aws", {"key_id": "k"}, "--key-id is not an option of clouds of the kind aws"),
        ("yandex", {"region": "r"}, "--region is not an option of clouds of the kind yandex"),
        ("yandex", {"key_id": "k", "private_key": "x"}, "--service-account-id is missing"),
        ("aws", {"setting": ["secret_key=hush"]}, "secret_key is a secret: use --secret-file"),
        ("aws", {"setting": ["hush"]}, "is not NAME=VALUE"),
        ("aws", {"secret_file": ["secret_key=/nowhere"]}, "Cannot read /nowhere: No such file"),
    ],
)
def test_invalid_options(kind: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError) as error:
        build(kind, None, **options)
    assert message in str(error.value)


def test_life_of_a_cloud(live: Live) -> None:
    added = live.json("clouds", "add", "memory", "--name", "sim", "--setting", "zones=a,b", "--project", "demo")
    assert (added["name"], added["identity"], added["zones"]) == ("sim", "memory:sim", ["a", "b"])
    assert added["availability_zone"] == "sim"
    assert [cloud["Name"] for cloud in live.json("clouds", "list")] == ["sim"]
    assert live.json("clouds", "set", "sim", "--setting", "latency_ms=7")["settings"]["latency_ms"] == "7"
    assert live.json("clouds", "check", "sim") == {"identity": "memory:sim", "zones": ["a", "b"]}
    assert "serves projects" in live.refused("clouds", "remove", "sim")
    live.openstack("clouds", "unbind", "sim", "--project", "demo")
    live.openstack("aos", "clouds", "remove", "sim")
    assert live.json("aos", "clouds", "list") == []


def test_bindings(live: Live) -> None:
    live.openstack("clouds", "add", "memory")
    bound = live.json("clouds", "bind", "memory", "--default", "--zone", "nova", "--az", "zone-1")
    assert (bound["Project ID"], bound["Availability Zone"], bound["Native Zone"]) == ("*", "nova", "zone-1")
    assert "Zone 'x' not found in the cloud" in live.refused(
        "clouds", "bind", "memory", "--project", "demo", "--az", "x"
    )
    assert live.json("clouds", "show", "memory")["bindings"][0]["project_id"] == "*"
    assert "bound to no cloud" in live.refused(
        "clouds", "images", "register", "--project", "demo", "--cloud-image-id", "memory-cirros"
    )
    live.openstack("clouds", "unbind", "memory", "--default")
    assert live.json("clouds", "binding", "list") == []
    live.openstack("clouds", "remove", "memory")


def test_native_ids(live: Live) -> None:
    live.openstack("clouds", "add", "memory", "--project", "demo")
    arguments = ("--project", "demo", "--cloud-image-id", "memory-cirros")
    image = live.json("clouds", "images", "register", *arguments, "--name", "cirros")
    assert (image["Resource Name"], image["Native ID"]) == ("cirros", "memory-cirros")
    assert live.json("clouds", "images", "register", *arguments) == image
    assert live.json("image", "show", "cirros")["id"] == image["Resource ID"]
    assert live.json("clouds", "flavors", "register", "--project", "demo") == {
        "Created": 3,
        "Mapped": 0,
        "Unchanged": 0,
        "Conflicting": [],
    }
    live.openstack("clouds", "images", "unregister", image["Resource ID"], "--cloud", "demo")
    native_ids = live.json("clouds", "show", "demo")["native_ids"]
    assert {native["resource_type"] for native in native_ids} == {"flavor"}
    live.openstack("clouds", "unbind", "demo", "--project", "demo")
    live.openstack("clouds", "remove", "demo")


def test_errors(live: Live) -> None:
    assert "Unknown kind of cloud: 'gce'" in live.refused("clouds", "add", "gce")
    assert "Cloud 'nowhere' not found" in live.refused("clouds", "show", "nowhere")
    assert "project 'nowhere' not found" in live.refused("clouds", "add", "memory", "--project", "nowhere")
    assert live.json("clouds", "list") == []
    assert "Either --cloud or --project" in live.refused("clouds", "flavors", "register")
    assert "memory" in [kind["Kind"] for kind in live.json("clouds", "kind", "list")]


def test_customers_are_refused(live: Live) -> None:
    assert "stratiform:clouds:list" in live.refused("clouds", "list", user="demo")
