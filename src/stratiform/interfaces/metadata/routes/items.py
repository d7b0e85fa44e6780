"""Every path of the metadata service. Requests are signed by Neutron's metadata agent instead of having a token."""

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.media_types import BINARY
from stratiform.interfaces.metadata.api import api
from stratiform.interfaces.metadata.errors import TEXT
from stratiform.interfaces.metadata.lookup import find_content
from stratiform.interfaces.metadata.settings import get_settings
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stratiform.services.compute.model.guest_data import EC2_VERSIONS, LATEST, GuestData
from stratiform.services.compute.model.openstack_metadata import PASSWORD

#: The size limit of a password in bytes. Source: nova/api/metadata/password.py.
_MAX_PASSWORD_BYTES = 1020

_SIGNATURE = "X-Instance-ID-Signature"


@api.get("/", None, produces={TEXT: BINARY})
def list_versions(request: ApiRequest) -> ApiResponse[bytes]:  # noqa: ARG001 - the same for all guests
    """List the versions of the format `ec2`."""
    return ApiResponse("\n".join([*EC2_VERSIONS, LATEST]).encode(), media_type=TEXT)


@api.get("/{item:path}", None, produces={TEXT: BINARY})
def show_item(request: ApiRequest, item: str) -> ApiResponse[bytes]:
    """Return a file, or the list of a folder."""
    with request.services.database.read_transaction() as db:
        data = _get_guest_data(request, db)
    content = find_content(data, str(item))
    if content is None:
        raise NotFound("The resource could not be found.")
    return ApiResponse(content.body, media_type=content.media_type)


@api.post("/{item:path}", None, status=200)
def set_password(request: ApiRequest, item: str, body: bytes) -> None:
    """Store the password of the server, encrypted by the guest with its key pair; only once."""
    with request.services.database.transaction() as db:
        data = _get_guest_data(request, db)
        if not _is_password(str(item)) or find_content(data, str(item)) is None:
            raise NotFound("The resource could not be found.")
        if data.password:
            raise Conflict("The password has already been set.")
        if len(body) > _MAX_PASSWORD_BYTES:
            raise Invalid("Request is too large.")
        request.services.compute.instance_metadata.set_password(db, data.server.id, _decode(body))


def _is_password(path: str) -> bool:
    """Return True for `openstack/VERSION/password`."""
    segments = path.strip("/").split("/")
    return len(segments) == 3 and (segments[0], segments[2]) == ("openstack", PASSWORD)


def _get_guest_data(request: ApiRequest, db: Connection) -> GuestData:
    """Raises Invalid (a header is missing), Forbidden (wrong signature), NotFound (unknown server or project)."""
    server_id, signature = _get_header(request, "X-Instance-ID"), _get_header(request, _SIGNATURE)
    project_id = _get_header(request, "X-Tenant-ID")
    if not get_settings(request.http).is_signature_valid(server_id, signature):
        raise Forbidden("Invalid proxy request signature.")
    data = request.services.compute.instance_metadata.find(db, server_id, project_id)
    if data is None:
        raise NotFound("The resource could not be found.")
    return data


def _get_header(request: ApiRequest, name: str) -> str:
    values = request.http.headers.getall(name, [])
    if not values:
        raise Invalid(f"{name} header is missing from request.")
    if len(values) > 1:
        raise Invalid(f"Multiple {name} headers found within request.")
    return values[0]


def _decode(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as error:
        raise Invalid("The password is not base64.") from error
