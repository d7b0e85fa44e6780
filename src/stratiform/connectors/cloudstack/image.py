"""Image capability of CloudStack: templates, and ISO images of the operator.

An image is uploaded to the secondary storage with one POST request, to a URL that CloudStack signs.
Source: CloudStack API reference (getUploadParamsForTemplate, deleteTemplate); administration guide ("Templates").
"""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stratiform.connectors.cloudstack.markers import find_token
from stratiform.connectors.cloudstack.responses import read_object
from stratiform.connectors.cloudstack.server_request import get_hypervisor
from stratiform.connectors.cloudstack.templates import find_template, get_os_type, get_template, to_native_image
from stratiform.contract.errors import CloudUnreachable, NativeNotFound, NotSupported, RequestRejected
from stratiform.contract.image import NativeImage

if TYPE_CHECKING:
    from stratiform.connectors.cloudstack.client import Client
    from stratiform.connectors.cloudstack.responses import Item

_FORMATS = {"qcow2": "QCOW2", "raw": "RAW", "vhd": "VHD", "vmdk": "VMDK", "ova": "OVA"}

#: Attempts, and seconds between them, to see an uploaded template ready: CloudStack checks and converts it.
_READY_ATTEMPTS = 20
_READY_INTERVAL_S = 3
_INTERRUPTED = ("NotUploaded", "Not Uploaded", "UploadAbandoned", "Upload", "Uploading")


class CloudStackImageDriver:
    """Implements contract.image.ImageDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def get(self, image_id: str) -> NativeImage:
        return to_native_image(get_template(self._client, image_id), self._client.installation_id)

    def upload(self, token: str, name: str, disk_format: str, size_bytes: int, data: Iterator[bytes]) -> NativeImage:
        native_format = _FORMATS.get(disk_format)
        if native_format is None:
            raise NotSupported(
                f"CloudStack does not support the disk format '{disk_format}'", hint=f"formats: {', '.join(_FORMATS)}"
            )
        with self._client.locking("upload", token):
            template = find_template(self._client, token)
            if template is not None and _is_interrupted(template):
                self._delete(str(template["id"]))
                template = None
            if template is None:
                template = self._upload(token, name, native_format, size_bytes, data)
        return self._wait_until_ready(str(template["id"]))

    def delete(self, image_id: str) -> None:
        """Delete a template of ours, and the snapshot with its token; those that operators register are kept."""
        try:
            template = get_template(self._client, image_id)
        except NativeNotFound:
            return
        token = find_token(template, self._client.installation_id)
        if not token:
            return
        for snapshot in self._client.list_all("listSnapshots", "snapshot", keyword=token):
            if find_token(snapshot, self._client.installation_id) == token:
                self._client.run_job("deleteSnapshot", id=snapshot["id"])
        self._delete(image_id)

    def _upload(self, token: str, name: str, native_format: str, size_bytes: int, data: Iterator[bytes]) -> "Item":
        native_name = self._client.build_marker(token).append_to(name)
        response = self._client.request(
            "getUploadParamsForTemplate",
            name=native_name,
            displaytext=name or native_name,
            format=native_format,
            hypervisor=get_hypervisor(self._client),
            ostypeid=get_os_type(self._client),
            zoneid=self._client.resolve_zone().id,
        )
        parameters = read_object(response, "getuploadparams")
        # httpx is imported only to upload an image.
        from stratiform.connectors.cloudstack.uploads import post_image

        try:
            post_image(parameters, size_bytes, data, verify=self._client.settings.verify)
        except (CloudUnreachable, RequestRejected):
            self._delete(str(parameters["id"]))
            raise
        return parameters

    def _wait_until_ready(self, image_id: str) -> NativeImage:
        for _ in range(_READY_ATTEMPTS):
            image = self.get(image_id)
            if image.is_ready:
                return image
            time.sleep(_READY_INTERVAL_S)
        raise CloudUnreachable(f"CloudStack is still processing image {image_id}")

    def _delete(self, image_id: str) -> None:
        try:
            self._client.run_job("deleteTemplate", id=image_id)
        except NativeNotFound:
            return


def _is_interrupted(template: "Item") -> bool:
    """Return True for a template whose data was not uploaded completely."""
    return not template.get("isready") and str(template.get("status", "")).startswith(_INTERRUPTED)
