"""Paths of the metadata service: `openstack/VERSION/FILE`, and `[ec2/]VERSION/…`."""

from collections.abc import Mapping
from dataclasses import dataclass

from stratiform.interfaces.endpoints.media_types import JSON
from stratiform.interfaces.metadata.errors import TEXT
from stratiform.services.compute.model.ec2_metadata import Ec2Item, build_ec2_tree, render_ec2_item
from stratiform.services.compute.model.guest_data import EC2_VERSIONS, LATEST, OPENSTACK_VERSIONS, GuestData
from stratiform.services.compute.model.openstack_metadata import build_openstack_files

_FORMATS = ("ec2", "openstack")


@dataclass(frozen=True, slots=True)
class Content:
    """A file, or the list of a folder with one item per line."""

    body: bytes
    media_type: str = TEXT


def find_content(data: GuestData, path: str) -> Content | None:
    """Return what is at a path, or None. `.` and empty segments are ignored; `..` is not supported."""
    segments = [segment for segment in path.split("/") if segment not in ("", ".")]
    name = segments.pop(0) if segments and segments[0] in _FORMATS else "ec2"
    versions = OPENSTACK_VERSIONS if name == "openstack" else EC2_VERSIONS
    if not segments:
        return Content("\n".join([*versions, LATEST]).encode())
    version = versions[-1] if segments[0] == LATEST else segments[0]
    if version not in versions:
        return None
    if name == "openstack":
        return _find_file(build_openstack_files(data, version), segments[1:])
    return _find_item(build_ec2_tree(data, version), segments[1:])


def _find_file(files: Mapping[str, bytes], segments: list[str]) -> Content | None:
    if not segments:
        return Content("\n".join(sorted(files)).encode())
    if len(segments) > 1 or segments[0] not in files:
        return None
    return Content(files[segments[0]], JSON if segments[0].endswith(".json") else TEXT)


def _find_item(tree: Mapping[str, Ec2Item], segments: list[str]) -> Content | None:
    item: Ec2Item = tree
    for segment in segments:
        if not isinstance(item, Mapping) or segment not in item:
            return None
        item = item[segment]
    return Content(render_ec2_item(item))
