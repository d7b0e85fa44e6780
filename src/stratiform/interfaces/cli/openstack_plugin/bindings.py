"""`openstack clouds bind|unbind`, `binding list`, `images register|unregister` and `flavors register|unregister`."""

import argparse
from collections.abc import Iterable
from typing import Any

from osc_lib.cli.format_columns import ListColumn
from osc_lib.command import command
from osc_lib.exceptions import CommandError

from stratiform.interfaces.cli.openstack_plugin.requests import CloudsClient, get_clouds_client, quote_segment

#: In place of a project: all projects without bindings of their own.
_UNBOUND_PROJECTS = "*"

_BINDING_COLUMNS = ("Project ID", "Project", "Availability Zone", "Cloud", "Native Zone")


class BindProject(command.ShowOne):
    """Bind a project to a cloud."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _add_binding(super().get_parser(prog_name))
        parser.add_argument("--az", metavar="<zone>", default="", help="Zone of the cloud (default: chosen by it)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        body = {
            "project": _project(parsed_args),
            "cloud": parsed_args.cloud,
            "zone": parsed_args.zone or parsed_args.az,
            "native_zone": parsed_args.az,
        }
        return _BINDING_COLUMNS, _binding_row(get_clouds_client(self.app).post("bindings", body))


class UnbindProject(command.Command):
    """Unbind a project from a cloud; its resources in the cloud remain."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        return _add_binding(super().get_parser(prog_name))

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        get_clouds_client(self.app).delete(
            "bindings", project=_project(parsed_args), cloud=parsed_args.cloud, zone=parsed_args.zone
        )


class ListBindings(command.Lister):
    """List bindings of projects to clouds."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--project", metavar="<project>", help="Only those of this project (name or ID)")
        parser.add_argument("--cloud", metavar="<cloud>", help="Only those of this cloud (name or ID)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], Iterable[tuple[Any, ...]]]:
        client = get_clouds_client(self.app)
        bindings = client.get("bindings", project=parsed_args.project, cloud=parsed_args.cloud)["bindings"]
        return _BINDING_COLUMNS, [_binding_row(binding) for binding in bindings]


class RegisterImage(command.ShowOne):
    """Register an image of the cloud, either as a new public image or for an existing one."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _add_selection(super().get_parser(prog_name))
        parser.add_argument("--cloud-image-id", metavar="<id>", required=True, help="ID of the image in the cloud")
        target = parser.add_mutually_exclusive_group()
        target.add_argument("--image", metavar="<image>", help="Existing image (name or ID)")
        target.add_argument("--name", metavar="<name>", help="Name of a new image (default: the ID in the cloud)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        client = get_clouds_client(self.app)
        path = f"clouds/{quote_segment(_select_cloud(client, parsed_args))}"
        native_id = parsed_args.cloud_image_id
        for native in client.get(path)["native_ids"]:
            if (native["resource_type"], native["native_id"]) == ("image", native_id) and not parsed_args.image:
                return _native_id(native)
        body = {"image": parsed_args.image} if parsed_args.image else {"name": parsed_args.name or native_id}
        return _native_id(client.post(f"{path}/images", {**body, "native_id": native_id}))


class RegisterFlavors(command.ShowOne):
    """Register the server types that a cloud offers as flavors, or map one flavor to a type."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _add_selection(super().get_parser(prog_name))
        parser.add_argument("--flavor", metavar="<flavor>", help="Map only this flavor (name or ID)")
        parser.add_argument("--cloud-flavor-id", metavar="<type>", help="Type of the cloud for --flavor")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        if (parsed_args.flavor is None) != (parsed_args.cloud_flavor_id is None):
            raise CommandError("--flavor and --cloud-flavor-id must be used together")
        client = get_clouds_client(self.app)
        path = f"clouds/{quote_segment(_select_cloud(client, parsed_args))}"
        if parsed_args.flavor:
            body = {"flavor": parsed_args.flavor, "native_id": parsed_args.cloud_flavor_id}
            return _native_id(client.post(f"{path}/flavors", body))
        counts = client.post(f"{path}/server-types", {"project": parsed_args.project or ""})
        values = (counts["created"], counts["mapped"], counts["unchanged"], ListColumn(counts["conflicting"]))
        return ("Created", "Mapped", "Unchanged", "Conflicting"), values


class _Unregister(command.Command):
    """Delete the native ID of a resource; existing servers remain."""

    resource_type = ""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _add_selection(super().get_parser(prog_name))
        parser.add_argument("resource", metavar=f"<{self.resource_type}>", help="ID of the resource in Stratiform")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        client = get_clouds_client(self.app)
        path = f"clouds/{quote_segment(_select_cloud(client, parsed_args))}"
        client.delete(f"{path}/native-ids/{self.resource_type}/{quote_segment(parsed_args.resource)}")


class UnregisterImage(_Unregister):
    """Delete the native ID of an image; existing servers remain."""

    resource_type = "image"


class UnregisterFlavor(_Unregister):
    """Delete the server type of a flavor; existing servers remain."""

    resource_type = "flavor"


def _add_binding(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("cloud", metavar="<cloud>", help="Name or ID of the cloud")
    project = parser.add_mutually_exclusive_group(required=True)
    project.add_argument("--project", metavar="<project>", help="Name or ID of the project")
    project.add_argument("--default", action="store_true", help="All projects without bindings of their own")
    parser.add_argument("--zone", metavar="<zone>", help="Availability zone of the project")
    return parser


def _project(parsed_args: argparse.Namespace) -> str:
    return _UNBOUND_PROJECTS if parsed_args.default else str(parsed_args.project)


def _add_selection(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--cloud", metavar="<cloud>", help="Name or ID of the cloud (default: that of the project)")
    parser.add_argument("--project", metavar="<project>", help="Name or ID of a project that is bound to the cloud")
    return parser


def _select_cloud(client: CloudsClient, parsed_args: argparse.Namespace) -> str:
    """Return the cloud of `--cloud`, or the only one that the project is bound to. Raises: CommandError."""
    if parsed_args.cloud:
        return str(parsed_args.cloud)
    if not parsed_args.project:
        raise CommandError("Either --cloud or --project is required")
    bindings = client.get("bindings", project=parsed_args.project)["bindings"]
    own = sorted({binding["cloud"] for binding in bindings if binding["project_id"] != _UNBOUND_PROJECTS})
    if len(own) != 1:
        clouds = f"several clouds ({', '.join(own)}): use --cloud" if own else "no cloud"
        raise CommandError(f"Project {parsed_args.project} is bound to {clouds}")
    return str(own[0])


def _binding_row(binding: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(binding[key] for key in ("project_id", "project_name", "zone", "cloud", "native_zone"))


def _native_id(native: dict[str, Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    columns = ("Cloud ID", "Resource Type", "Resource ID", "Resource Name", "Native ID")
    return columns, tuple(native[column.lower().replace(" ", "_")] for column in columns)
