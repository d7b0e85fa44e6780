"""Config drives: ISO 9660 images with the metadata of a guest.

Source: Nova's user guide, "Config drives"; nova/virt/configdrive.py.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

from stratiform.services.compute.model.ec2_metadata import build_ec2_tree, convert_to_json
from stratiform.services.compute.model.guest_data import (
    EC2_VERSIONS,
    LATEST,
    OPENSTACK_VERSIONS,
    GuestData,
    encode_json,
)
from stratiform.services.compute.model.openstack_metadata import PASSWORD, build_openstack_files

if TYPE_CHECKING:
    from pycdlib import PyCdlib

#: The label by which cloud-init finds the drive.
VOLUME_LABEL = "config-2"


def build_config_drive_files(data: GuestData) -> dict[str, bytes]:
    """Return the files of a config drive by path, such as `openstack/latest/meta_data.json`."""
    files: dict[str, bytes] = {}
    for folder in (EC2_VERSIONS[-1], LATEST):
        tree = build_ec2_tree(data, EC2_VERSIONS[-1])
        files[f"ec2/{folder}/meta-data.json"] = encode_json(convert_to_json(tree["meta-data"]))
        user_data = tree.get("user-data")
        if isinstance(user_data, bytes):
            files[f"ec2/{folder}/user-data"] = user_data
    for folder in (*OPENSTACK_VERSIONS, LATEST):
        version = OPENSTACK_VERSIONS[-1] if folder == LATEST else folder
        for name, content in build_openstack_files(data, version).items():
            if name != PASSWORD:  # a drive cannot be written
                files[f"openstack/{folder}/{name}"] = content
    return files


def build_config_drive(files: Mapping[str, bytes]) -> bytes:
    """Return an ISO 9660 image with Joliet and Rock Ridge names; takes some tens of milliseconds."""
    import pycdlib  # takes 0.1 s to import, and few processes need it

    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=VOLUME_LABEL)
    short_paths: dict[str, str] = {"": ""}
    for number, path in enumerate(sorted(files)):
        parent = _ensure_folder(image, short_paths, path.rpartition("/")[0])
        name = path.rpartition("/")[2]
        image.add_fp(
            BytesIO(files[path]),
            len(files[path]),
            f"{parent}/F{number:07}.;1",
            rr_name=name,
            joliet_path=f"/{path}",
        )
    output = BytesIO()
    image.write_fp(output)
    image.close()
    return output.getvalue()


def _ensure_folder(image: "PyCdlib", short_paths: dict[str, str], path: str) -> str:
    """Create a folder and its parents; return its path in the names of ISO 9660, which are short."""
    if path not in short_paths:
        parent_path, _, name = path.rpartition("/")
        parent = _ensure_folder(image, short_paths, parent_path)
        short_paths[path] = f"{parent}/D{len(short_paths):07}"
        image.add_directory(short_paths[path], rr_name=name, joliet_path=f"/{path}")
    return short_paths[path]
