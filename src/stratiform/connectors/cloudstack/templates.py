"""Templates and ISO images, which servers boot from. Source: CloudStack API reference (listTemplates, …)."""

from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.markers import find_token, remove_marker
from stratiform.connectors.cloudstack.responses import read_int
from stratiform.contract.errors import NativeNotFound, RequestRejected
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_GIB = 1024**3
_OS_TYPE = "Other (64-bit)"

#: The key that marks an ISO image among templates; it is not CloudStack's.
ISO = "stratiform_is_iso"


def get_template(client: "Client", image_id: str) -> "Item":
    """Return a template or an ISO image by its native id. Raises: NativeNotFound."""
    template = client.find_item("listTemplates", "template", templatefilter="executable", id=image_id)
    if template is not None:
        return template
    iso = client.find_item("listIsos", "iso", isofilter="executable", id=image_id)
    if iso is None:
        raise NativeNotFound(f"template {image_id} not found in CloudStack")
    return {**iso, ISO: True}


def find_template(client: "Client", token: str) -> "Item | None":
    """Return the template with a token, the oldest one if there are several."""
    items = client.list_all("listTemplates", "template", templatefilter="self", keyword=token)
    matches = [item for item in items if find_token(item, client.installation_id) == token]
    return min(matches, key=lambda item: (str(item.get("created", "")), str(item["id"])), default=None)


def create_template(client: "Client", token: str, name: str, snapshot_id: str) -> "Item":
    """Create a template from a snapshot without waiting for its job, or return the one with `token`."""
    native_name = client.build_marker(token).append_to(name)

    def create() -> "Item":
        return client.request(
            "createTemplate",
            name=native_name,
            displaytext=name or native_name,
            ostypeid=get_os_type(client),
            snapshotid=snapshot_id,
        )

    try:
        return client.create_once("image", token, lambda: find_template(client, token), create)
    except NativeNotFound as error:
        raise RequestRejected(error.message, hint=error.hint) from error


def get_os_type(client: "Client") -> str:
    """Return the id of the operating system type of images whose system is unknown. Raises: RequestRejected."""
    os_types = client.list_all("listOsTypes", "ostype", description=_OS_TYPE)
    for os_type in os_types:
        if os_type.get("description") == _OS_TYPE:
            return str(os_type["id"])
    raise RequestRejected(f"operating system type '{_OS_TYPE}' not found in CloudStack")


def get_size_gib(template: "Item") -> int:
    """Return the size of the root disk that a template needs, rounded up."""
    return -(-read_int(template.get("size")) // _GIB)


def to_native_image(template: "Item", installation_id: str) -> NativeImage:
    token = find_token(template, installation_id)
    name = str(template.get("name", ""))
    return NativeImage(
        id=str(template["id"]),
        name=remove_marker(name) if token else name,
        token=token,
        min_disk_gib=0 if template.get(ISO) else get_size_gib(template),
        size_bytes=read_int(template.get("physicalsize") or template.get("size")),
        is_ready=bool(template.get("isready")),
    )
