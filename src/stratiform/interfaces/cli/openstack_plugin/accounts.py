"""`openstack clouds list|show|add|set|remove|check`, and `openstack clouds kind list`."""

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import Any

from osc_lib.cli.format_columns import DictColumn, ListColumn, ListDictColumn
from osc_lib.command import command
from osc_lib.exceptions import CommandError

from stratiform.interfaces.cli.cloud_import.plan import build_cloud_name
from stratiform.interfaces.cli.openstack_plugin.account_options import (
    add_account_options,
    build_settings,
    select_secrets,
)
from stratiform.interfaces.cli.openstack_plugin.requests import CloudsClient, get_clouds_client, quote_segment
from stratiform.kit.errors import Invalid

#: What a command shows: the names of the columns, and their values.
Item = tuple[tuple[str, ...], tuple[Any, ...]]

_COLUMNS = ("ID", "Name", "Kind", "Settings", "Created At")


class ListClouds(command.Lister):
    """List clouds."""

    def take_action(self, _parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]:
        clouds = get_clouds_client(self.app).list_all("clouds", "clouds")
        rows = [
            (cloud["id"], cloud["name"], cloud["kind"], DictColumn(cloud["settings"]), cloud["created_at"])
            for cloud in clouds
        ]
        return _COLUMNS, rows


class ListKinds(command.Lister):
    """List the kinds of cloud with their settings."""

    def take_action(self, _parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]:
        kinds = get_clouds_client(self.app).get("cloud-kinds")["kinds"]
        rows = [
            (
                kind["kind"],
                ListColumn(kind["capabilities"]),
                ListColumn([_describe_setting(setting) for setting in kind["settings"]]),
            )
            for kind in kinds
        ]
        return ("Kind", "Capabilities", "Settings"), rows


class ShowCloud(command.ShowOne):
    """Show a cloud with its bindings and native IDs."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        return _add_cloud(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> Item:
        cloud = get_clouds_client(self.app).get(f"clouds/{quote_segment(parsed_args.cloud)}")
        return _show(
            cloud | {"bindings": ListDictColumn(cloud["bindings"]), "native_ids": ListDictColumn(cloud["native_ids"])}
        )


class AddCloud(command.ShowOne):
    """Add a cloud after checking its credentials, and bind a project to it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("kind", metavar="<kind>", help="Kind of cloud, such as aws or yandex")
        parser.add_argument("--name", metavar="<name>", help="Name of the cloud (default: the project, or the kind)")
        parser.add_argument("--project", metavar="<project>", help="Bind this project to the cloud (name or ID)")
        add_account_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Item:
        client = get_clouds_client(self.app)
        account = build_settings(
            parsed_args.kind, _get_settings(client, parsed_args.kind), parsed_args, dict(os.environ)
        )
        for warning in account.warnings:
            self.log.warning("%s", warning)
        name = parsed_args.name or _build_name(parsed_args.project or parsed_args.kind)
        if parsed_args.project:  # an unknown project is reported before the cloud is added
            client.get("bindings", project=parsed_args.project)
        body = {"kind": parsed_args.kind, "name": name, "settings": dict(account.values)}
        cloud = client.post("clouds", body)
        if not parsed_args.project:
            return _show(cloud)
        zone = parsed_args.az or ""
        binding = client.post(
            "bindings", {"project": parsed_args.project, "cloud": name, "zone": zone, "native_zone": zone}
        )
        return _show(cloud | {"project_id": binding["project_id"], "availability_zone": binding["zone"]})


class SetCloud(command.ShowOne):
    """Change settings of a cloud after checking its credentials."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _add_cloud(super().get_parser(prog_name))
        add_account_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Item:
        client = get_clouds_client(self.app)
        path = f"clouds/{quote_segment(parsed_args.cloud)}"
        kind = client.get(path)["kind"]
        declared = _get_settings(client, kind)
        account = build_settings(kind, declared, parsed_args, select_secrets(declared, dict(os.environ)))
        for warning in account.warnings:
            self.log.warning("%s", warning)
        if not account.values:
            raise CommandError("No setting to change")
        return _show(client.put(path, {"settings": dict(account.values)}))


class CheckCloud(command.ShowOne):
    """Check the credentials of a cloud."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        return _add_cloud(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> Item:
        path = f"clouds/{quote_segment(parsed_args.cloud)}/check"
        return _show(get_clouds_client(self.app).post(path, None))


class RemoveCloud(command.Command):
    """Remove clouds that serve no project; the resources in them remain."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("clouds", metavar="<cloud>", nargs="+", help="Cloud to remove (name or ID)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        failures = []
        for cloud in parsed_args.clouds:
            try:
                get_clouds_client(self.app).delete(f"clouds/{quote_segment(cloud)}")
            except CommandError as error:
                failures.append(str(error))
        if failures:
            raise CommandError("\n".join(failures))


def _add_cloud(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("cloud", metavar="<cloud>", help="Name or ID of the cloud")
    return parser


def _get_settings(client: CloudsClient, kind: str) -> list[Mapping[str, object]]:
    """Return the settings that the connector of a kind declares. Raises: CommandError for an unknown kind."""
    kinds = {each["kind"]: each for each in client.get("cloud-kinds")["kinds"]}
    if kind not in kinds:
        raise CommandError(f"Unknown kind of cloud: '{kind}' (kinds: {', '.join(kinds)})")
    settings: list[Mapping[str, object]] = kinds[kind]["settings"]
    return settings


def _build_name(text: str) -> str:
    try:
        return build_cloud_name(text)
    except Invalid as error:
        raise CommandError(f"{error.message}: use --name") from error


def _describe_setting(setting: Mapping[str, Any]) -> str:
    is_required = setting["required"] and not setting["default"]
    notes = [note for note, applies in (("secret", setting["secret"]), ("required", is_required)) if applies]
    return f"{setting['name']} ({', '.join(notes)})" if notes else str(setting["name"])


def _show(item: Mapping[str, Any]) -> Item:
    """Return an item in the order of its keys; mappings and lists are formatted as those of other commands."""
    values = {name: _format(value) for name, value in item.items()}
    return tuple(values), tuple(values.values())


def _format(value: object) -> object:
    if isinstance(value, dict):
        return DictColumn(value)
    return ListColumn(value) if isinstance(value, list) else value
