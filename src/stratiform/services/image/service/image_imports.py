"""Import of image data: from the staging area (glance-direct), or from a web server (web-download).

A request creates a task; a background job imports the data.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import HOUR_US, SECOND_US, Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.public_downloads import Network, is_http_url, open_download
from stratiform.kit.work_queue import enqueue
from stratiform.services.image import policy
from stratiform.services.image.errors import ImageTaskNotFound
from stratiform.services.image.model import IMPORT_METHODS, STORE_ID, Image, ImageTask, build_import_state
from stratiform.services.image.repository import image_tasks
from stratiform.services.image.repository import images as image_rows
from stratiform.services.image.service.image_access import get_visible_image, lock_visible_image, require_in_own_project
from stratiform.services.image.service.image_data import ImageData
from stratiform.services.image.service.images import Images

#: A finished task is deleted after this time, as in Glance.
_LIFETIME_US = 48 * HOUR_US
_RENEWAL_INTERVAL_US = 10 * SECOND_US


@dataclass(frozen=True, slots=True)
class ImageImports:
    """Source: Image API v2, "Interoperable image import", "Tasks"."""

    database: Database
    ids: Ids
    images: Images
    data: ImageData
    clock: Clock
    networks: Sequence[Network]

    def create(
        self, ctx: RequestContext, image_id: str, method: Mapping[str, object], stores: Sequence[str] | None = None
    ) -> ImageTask:
        """Start the import of the data of an image. `method`: its name and its parameters, such as `uri`.

        Raises: ImageNotFound, Invalid, Conflict, ImageQuotaExceeded.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_UPDATE.require(ctx.caller, image.owner)
        self._require_importable(image, method, stores)
        self._require_quota(ctx, image)
        self._save_importing(ctx, image)
        request: dict[str, object] = {"method": dict(method)}
        values: dict[str, object] = {"image_id": image_id, "import_req": request, "backend": [STORE_ID]}
        return self._create_task(ctx, "api_image_import", image_id, values)

    def create_with_image(self, ctx: RequestContext, values: Mapping[str, object]) -> ImageTask:
        """Create an image and start the import of its data.

        `values`: `import_from` (a URL), `import_from_format`, and the attributes of the image in `image_properties`.

        Raises: Invalid, Forbidden.
        """
        policy.IMAGE_TASKS_CREATE.require(ctx.caller, None)
        url, properties = values.get("import_from"), values.get("image_properties")
        if not isinstance(url, str) or not isinstance(properties, dict) or "import_from_format" not in values:
            raise Invalid("Input must have import_from, import_from_format and image_properties.")
        if not is_http_url(url):
            raise Invalid(f"URI for web-download does not pass filtering: {url}")
        image = self.images.create(ctx, properties)
        self._require_importable(image, {"name": "web-download", "uri": url}, None)
        self._require_quota(ctx, image)
        self._save_importing(ctx, image)
        return self._create_task(ctx, "import", image.id, dict(values))

    def list(self, ctx: RequestContext, page: Page, task_type: str = "", status: str = "") -> Slice[ImageTask]:
        """Return a page of all tasks, the newest first. Raises: Invalid for the marker."""
        policy.IMAGE_TASKS_LIST.require(ctx.caller, None)
        return image_tasks.list_page(ctx.db, page, task_type, status)

    def list_of_image(self, ctx: RequestContext, image_id: str) -> Sequence[ImageTask]:
        """Return the tasks of an image. Raises: ImageNotFound."""
        get_visible_image(ctx, image_id)
        require_in_own_project(ctx, policy.IMAGES_GET)
        return image_tasks.list_of_image(ctx.db, image_id)

    def get(self, ctx: RequestContext, task_id: str) -> ImageTask:
        """Raises ImageTaskNotFound."""
        policy.IMAGE_TASKS_GET.require(ctx.caller, None)
        task = image_tasks.find(ctx.db, task_id)
        if task is None:
            raise ImageTaskNotFound(task_id)
        return task

    def import_data(self, task: ImageTask, keep_lease: Callable[[], None]) -> Image:
        """Import the data of a task. No transaction may be open. `keep_lease` is called every few seconds.

        Raises: Fault for data that cannot be imported, with the reason.
        """

        def renew(blocks: Iterator[bytes]) -> Iterator[bytes]:
            renewed_at = self.clock.now()
            for block in blocks:
                if self.clock.now() - renewed_at > _RENEWAL_INTERVAL_US:
                    keep_lease()
                    renewed_at = self.clock.now()
                yield block

        imported = self.data.find_active(task.image_id)
        if imported is not None:  # by an attempt whose end was not recorded
            return imported
        url = _find_url(task)
        if not url:
            return self.data.import_staged(task.image_id, renew)
        upload = self.data.begin_import(task.image_id)
        try:
            with open_download(url, self.networks) as blocks:
                for block in renew(blocks):
                    upload.write(block)
            return self.data.finish_upload(upload)
        except BaseException:
            upload.discard_partial()  # a complete file may be that of the active image
            raise

    def finish(self, task: ImageTask, image: Image) -> ImageTask:
        """Return the task after its success."""
        return self._finished(task, "success", result={"image_id": image.id})

    def fail(self, task: ImageTask, reason: str) -> ImageTask:
        """Return the task after its failure; the image can be imported again."""
        self.data.abort_import(task.image_id)
        return self._finished(task, "failure", message=reason)

    def _finished(
        self, task: ImageTask, status: str, *, result: dict[str, object] | None = None, message: str = ""
    ) -> ImageTask:
        now = self.clock.now()
        return replace(
            task, status=status, result=result, message=message, updated_at=now, expires_at=now + _LIFETIME_US
        )

    def _create_task(self, ctx: RequestContext, task_type: str, image_id: str, values: dict[str, object]) -> ImageTask:
        image_tasks.delete_expired(ctx.db, ctx.now)
        task = ImageTask(
            id=self.ids.uuid(),
            type=task_type,
            status="pending",
            owner=ctx.caller.project_id or "",
            user_id=ctx.caller.user_id,
            request_id=ctx.request_id,
            image_id=image_id,
            input=values,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        enqueue(ctx.db, "image.import", task.id, ctx.now)
        return image_tasks.insert(ctx.db, task)

    def _save_importing(self, ctx: RequestContext, image: Image) -> None:
        properties = image.properties | build_import_state(importing=STORE_ID)
        image_rows.save(ctx.db, replace(image, status="importing", properties=properties, updated_at=ctx.now))

    def _require_quota(self, ctx: RequestContext, image: Image) -> None:
        """Raises ImageQuotaExceeded; staged data counts as an upload already."""
        self.data.quotas.require(ctx.db, image.owner, "image_size_total")
        if image.status == "queued":
            self.data.quotas.require(ctx.db, image.owner, "image_count_uploading", 1)

    def _require_importable(self, image: Image, method: Mapping[str, object], stores: Sequence[str] | None) -> None:
        """Raises Invalid, Conflict. Source of the texts: glance/api/v2/images.py."""
        name = method.get("name")
        if name == "copy-image":
            raise Invalid(f"Import method 'copy-image' is not available: '{STORE_ID}' is the only store.")
        if name not in IMPORT_METHODS:
            raise Invalid(f"Unknown import method name '{name}'.")
        if stores is not None and list(stores) != [STORE_ID]:
            raise Conflict(f"Unknown store among {', '.join(stores) or 'none'}; the only store is '{STORE_ID}'.")
        if image.status == "active":
            raise Conflict("Image with status active cannot be target for import")
        if name == "web-download" and image.status != "queued":
            raise Conflict("Image needs to be in 'queued' state to use 'web-download' method")
        if name == "glance-direct" and not self.data.is_staged(image):
            raise Conflict("Image needs to be staged before 'glance-direct' method can be used")
        for attribute in ("container_format", "disk_format"):
            if getattr(image, attribute) is None:
                raise Conflict(f"'{attribute}' needs to be set before import")
        if name == "web-download" and not is_http_url(str(method.get("uri", ""))):
            raise Invalid(f"URI for web-download does not pass filtering: {method.get('uri')}")


def _find_url(task: ImageTask) -> str:
    """Return the URL to download, "" for staged data."""
    if task.type == "import":
        return str(task.input["import_from"])
    request = task.input["import_req"]
    assert isinstance(request, dict), "this service writes the input"
    return str(request["method"].get("uri", "")) if request["method"]["name"] == "web-download" else ""
