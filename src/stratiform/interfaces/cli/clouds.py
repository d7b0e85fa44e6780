"""`stratiform clouds`: connect clouds, let them serve projects, name what they have."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer

from stratiform.interfaces.cli.client import CliError, client, say
from stratiform.interfaces.cli.listing import Format, FormatOption, show_list, show_one

app = typer.Typer(help="Clouds: connect them, let them serve projects, name what they have.", no_args_is_help=True)
images = typer.Typer(help="Images that a cloud has already.", no_args_is_help=True)
flavors = typer.Typer(help="Which of a cloud's machine types a flavor is.", no_args_is_help=True)
volume_types = typer.Typer(help="Which of a cloud's kinds of disk a volume type is.", no_args_is_help=True)
app.add_typer(images, name="images")
app.add_typer(flavors, name="flavors")
app.add_typer(volume_types, name="volume-types")

#: The environment variables that give a setting; the first that is set wins.
_VARIABLES = {"secret_key": ("STRATIFORM_SECRET_KEY",)}

_CLOUD_COLUMNS = {"Name": "name", "Kind": "kind", "Settings": "settings", "Added": "created_at", "Id": "id"}
_BINDING_COLUMNS = {"Project": "project_id", "Zone": "zone", "Cloud": "cloud", "Zone there": "native_zone"}
_CHECKED = {"Name": "name", "Kind": "kind", "We are": "identity", "Zones": "zones", "Id": "id"}

Name = Annotated[str, typer.Argument(metavar="CLOUD", help="Name or id of the cloud.")]
CloudOption = Annotated[str, typer.Option("--cloud", help="Name or id of the cloud.")]
ProjectOption = Annotated[str, typer.Option("--project", help="Name or id of the project.")]
NativeOption = Annotated[str, typer.Option("--native", help="What the cloud itself calls it.")]
SettingOption = Annotated[
    list[str] | None, typer.Option("--setting", metavar="KEY=VALUE", help="A setting of this kind of cloud.")
]
SecretFileOption = Annotated[
    list[str] | None,
    typer.Option(
        "--secret-file",
        metavar="[KEY=]FILE",
        help="File that holds a secret setting; without KEY the one that this kind must be told.",
    ),
]
AccessKey = Annotated[str | None, typer.Option(help="The setting access_key.")]
Region = Annotated[str | None, typer.Option(help="The setting region.")]
Zone = Annotated[str | None, typer.Option("--az", help="The setting az.")]
Endpoint = Annotated[str | None, typer.Option(help="The setting endpoint.")]


@app.command("kinds")
def list_kinds(output: FormatOption = Format.table) -> None:
    """List the kinds of cloud, with what each must be told and can do."""
    kinds = client().get("cloud-kinds")["kinds"]
    if output is Format.json:
        show_list(kinds, {}, output)
        return
    rows = [{**kind, "settings": [_described(setting) for setting in kind["settings"]]} for kind in kinds]
    show_list(rows, {"Kind": "kind", "Capabilities": "capabilities", "Settings": "settings"}, output)


@app.command("add")
def add(
    kind: Annotated[str, typer.Argument(help="Kind of cloud (see `stratiform clouds kinds`).")],
    name: Annotated[str, typer.Option(help="What to call it, in events and on invoices too.")],
    access_key: AccessKey = None,
    region: Region = None,
    az: Zone = None,
    endpoint: Endpoint = None,
    setting: SettingOption = None,
    secret_file: SecretFileOption = None,
    output: FormatOption = Format.table,
) -> None:
    """Connect a cloud, after asking it whether it knows us.

    Secrets come from a prompt, from --secret-file, or from the environment (STRATIFORM_CLOUD_<SETTING>, and
    STRATIFORM_SECRET_KEY for secret_key); never from the command line, which every user of this machine can read.
    """
    named = {"access_key": access_key, "region": region, "az": az, "endpoint": endpoint}
    known = _settings_of(kind)
    given = _plain(kind, known, named, setting or []) | _from_files(kind, known, secret_file or [])
    given = _from_environment(known) | given
    for one in known:
        if one["secret"] and one["required"] and not given.get(one["name"]):
            given[one["name"]] = _asked(one)
    added = client().post("clouds", {"kind": kind, "name": name, "settings": given})
    show_one(added, _CHECKED, output)


@app.command("set")
def change(
    cloud: Name,
    access_key: AccessKey = None,
    region: Region = None,
    az: Zone = None,
    endpoint: Endpoint = None,
    setting: SettingOption = None,
    secret_file: SecretFileOption = None,
    ask: Annotated[
        list[str] | None, typer.Option("--ask", metavar="KEY", help="A secret setting to be asked for.")
    ] = None,
    output: FormatOption = Format.table,
) -> None:
    """Change settings of a cloud, such as a key that was renewed, after asking it whether it knows us so."""
    kind = client().get(f"clouds/{_path(cloud)}")["kind"]
    known = _settings_of(kind)
    named = {"access_key": access_key, "region": region, "az": az, "endpoint": endpoint}
    given = _plain(kind, known, named, setting or []) | _from_files(kind, known, secret_file or [])
    for key in ask or []:
        given[key] = _asked(_known(kind, known, key))
    if not given:
        raise CliError("nothing to change", "name a setting, --secret-file or --ask")
    show_one(client().put(f"clouds/{_path(cloud)}", {"settings": given}), _CHECKED, output)


@app.command("list")
def list_clouds(output: FormatOption = Format.table) -> None:
    """List the connected clouds."""
    show_list(client().pages("clouds", "clouds"), _CLOUD_COLUMNS, output)


@app.command("show")
def show(cloud: Name, output: FormatOption = Format.table) -> None:
    """Show a cloud, the projects it serves, and what is registered in it."""
    found = client().get(f"clouds/{_path(cloud)}")
    if output is Format.table:
        found["bindings"] = [f"{one['project_id']} in {one['zone']}" for one in found["bindings"]]
        found["natives"] = [f"{one['kind']} {one['ours']} is {one['native']}" for one in found["natives"]]
    rows = {**_CLOUD_COLUMNS, "Changed": "updated_at", "Serves": "bindings", "Registered": "natives"}
    show_one(found, rows, output)


@app.command("check")
def check(cloud: Name, output: FormatOption = Format.table) -> None:
    """Ask a cloud who we are there."""
    show_one(client().post(f"clouds/{_path(cloud)}/check"), {"We are": "identity", "Zones": "zones"}, output)


@app.command("remove")
def remove(cloud: Name) -> None:
    """Forget a cloud that serves no project. Nothing in it is touched."""
    client().delete(f"clouds/{_path(cloud)}")
    say(f"Cloud {cloud} is forgotten; nothing in it was touched.")


@app.command("bind")
def bind(
    project: ProjectOption,
    cloud: CloudOption,
    zone: Annotated[str, typer.Option(help="Availability zone that customers see (the cloud's name).")] = "",
    native_zone: Annotated[str, typer.Option(help="The cloud's own zone to use (its setting).")] = "",
    output: FormatOption = Format.table,
) -> None:
    """Let a cloud serve a project."""
    wanted = {"project": project, "cloud": cloud, "zone": zone, "native_zone": native_zone}
    show_one(client().post("bindings", wanted), _BINDING_COLUMNS, output)


@app.command("unbind")
def unbind(
    project: ProjectOption,
    cloud: CloudOption,
    zone: Annotated[str | None, typer.Option(help="Only this availability zone.")] = None,
) -> None:
    """Send nothing new of a project to a cloud. What is there stays."""
    which = {"project": project, "cloud": cloud} | ({"zone": zone} if zone is not None else {})
    client().delete(f"bindings?{urlencode(which)}")
    say(f"Nothing new of {project} goes to {cloud}; what is there stays.")


@app.command("bindings")
def list_bindings(
    project: Annotated[str | None, typer.Option(help="Name or id of the project.")] = None,
    cloud: Annotated[str | None, typer.Option(help="Name or id of the cloud.")] = None,
    output: FormatOption = Format.table,
) -> None:
    """List which project is served by which cloud; a project's first is its default."""
    show_list(client().get("bindings", project=project, cloud=cloud)["bindings"], _BINDING_COLUMNS, output)


@images.command("register")
def register_image(
    cloud: CloudOption,
    native: NativeOption,
    image: Annotated[str, typer.Option(help="Id or name of an image that exists.")] = "",
    name: Annotated[str, typer.Option(help="Name of a new public image to make for it.")] = "",
) -> None:
    """Tell that an image is one which the cloud has already (`ami-…`), so that nothing is uploaded."""
    if bool(image) == bool(name):
        raise CliError("name either an image that exists (--image) or a new one (--name)")
    _register(cloud, "images", {"image": image, "name": name, "native": native})


@images.command("unregister")
def unregister_image(
    cloud: CloudOption, image: Annotated[str, typer.Option(help="Id of the image, as `clouds show` has it.")]
) -> None:
    """Take it back. Machines that were made from it stay."""
    _unregister(cloud, "image", image)


@flavors.command("register")
def register_flavor(
    cloud: CloudOption,
    native: NativeOption,
    flavor: Annotated[str, typer.Option(help="Name or id of the flavor.")],
) -> None:
    """Tell that machines of a flavor are of the cloud's own type (`t3.small`)."""
    _register(cloud, "flavors", {"flavor": flavor, "native": native})


@flavors.command("unregister")
def unregister_flavor(
    cloud: CloudOption, flavor: Annotated[str, typer.Option(help="Id of the flavor, as `clouds show` has it.")]
) -> None:
    """Take it back. Machines that are there stay as they are."""
    _unregister(cloud, "flavor", flavor)


@volume_types.command("register")
def register_volume_type(
    cloud: CloudOption,
    native: NativeOption,
    volume_type: Annotated[str, typer.Option(help="Name or id of the volume type.")],
) -> None:
    """Tell that volumes of a type are of the cloud's own kind of disk (`gp3`)."""
    _register(cloud, "volume-types", {"volume_type": volume_type, "native": native})


@volume_types.command("unregister")
def unregister_volume_type(
    cloud: CloudOption, volume_type: Annotated[str, typer.Option(help="Id of the type, as `clouds show` has it.")]
) -> None:
    """Take it back. Volumes that are there stay as they are."""
    _unregister(cloud, "volume_type", volume_type)


def _register(cloud: str, nouns: str, body: dict[str, str]) -> None:
    made = client().post(f"clouds/{_path(cloud)}/{nouns}", body)
    say(f"In {cloud}, {made['kind']} {made['ours']} is {made['native']}.")


def _unregister(cloud: str, kind: str, ours: str) -> None:
    client().delete(f"clouds/{_path(cloud)}/natives/{kind}/{_path(ours)}")
    say(f"In {cloud}, {kind} {ours} is nothing of its own any more.")


def _path(text: str) -> str:
    return quote(text, safe="")


Known = Sequence[Mapping[str, Any]]


def _settings_of(kind: str) -> Known:
    kinds = {one["kind"]: one["settings"] for one in client().get("cloud-kinds")["kinds"]}
    if kind not in kinds:
        raise CliError(f"unknown kind of cloud: {kind}", f"known: {', '.join(kinds)}")
    return list(kinds[kind])


def _known(kind: str, known: Known, key: str) -> Mapping[str, Any]:
    for one in known:
        if one["name"] == key:
            return one
    raise CliError(f"{kind} has no setting '{key}'", f"it has: {', '.join(one['name'] for one in known)}")


def _plain(kind: str, known: Known, named: Mapping[str, str | None], pairs: Sequence[str]) -> dict[str, str]:
    """What stands on the command line. Raises CliError where that is a secret."""
    given = {key: value for key, value in named.items() if value is not None}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise CliError(f"--setting {key}: KEY=VALUE is needed")
        given[key] = value
    for key in given:
        if _known(kind, known, key)["secret"]:
            raise CliError(
                f"{key} is a secret and never stands on the command line, which others can read",
                f"leave it out to be asked, or use --secret-file {key}=FILE or {_variables(key)[0]}",
            )
    return given


def _from_files(kind: str, known: Known, files: Sequence[str]) -> dict[str, str]:
    given = {}
    for pair in files:
        key, equals, file = pair.partition("=")
        if not equals or not key.isidentifier():
            key, file = _only_secret(kind, known), pair
        if not _known(kind, known, key)["secret"]:
            raise CliError(f"{key} is no secret", f"use --setting {key}=VALUE")
        given[key] = _read(Path(file))
    return given


def _only_secret(kind: str, known: Known) -> str:
    secrets = [one["name"] for one in known if one["secret"]]
    needed = [one["name"] for one in known if one["secret"] and one["required"]] or secrets
    if len(needed) != 1:
        raise CliError(f"--secret-file: which setting of {kind}?", f"use KEY=FILE; it has: {', '.join(secrets)}")
    return str(needed[0])


def _read(file: Path) -> str:
    try:
        text = file.read_text().strip()
    except OSError as error:
        raise CliError(f"can't read {file}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CliError(f"{file} holds no text") from None
    if not text:
        raise CliError(f"{file} is empty")
    return text


def _from_environment(known: Known) -> dict[str, str]:
    found = {}
    for one in known:
        values = (os.environ.get(variable) for variable in _variables(one["name"]))
        value = next((value for value in values if value), "")
        if value:
            found[one["name"]] = value
    return found


def _variables(key: str) -> tuple[str, ...]:
    return (*_VARIABLES.get(key, ()), f"STRATIFORM_CLOUD_{key.upper()}")


def _asked(setting: Mapping[str, Any]) -> str:
    """From the terminal without showing it, or a line of standard input where that is no terminal."""
    key = setting["name"]
    if sys.stdin.isatty():
        return str(typer.prompt(key, hide_input=True))
    line = sys.stdin.readline().strip()
    if not line:
        raise CliError(f"{key} is missing", f"use --secret-file, {_variables(key)[0]}, or a terminal to be asked")
    return line


def _described(setting: Mapping[str, Any]) -> str:
    what = "secret" if setting["secret"] else ""
    need = "" if setting["required"] else f"default {setting['default']}" if setting["default"] else "optional"
    notes = ", ".join(filter(None, (what, need)))
    return f"{setting['name']}{f' ({notes})' if notes else ''}: {setting['help']}"
