"""Import of image data: from the staging area (glance-direct), from a web server (web-download), or from a store into
others (copy-image).

A request creates a task; a background job imports the data.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.public_downloads import Network, is_http_url, open_download
from stratiform.services.image import policy
from stratiform.services.image.errors import ImageTaskNotFound
from stratiform.services.image.model import IMPORT_METHODS, Image, ImageTask, build_import_state
from stratiform.services.image.repository import image_tasks
from stratiform.services.image.service import import_tasks
from stratiform.services.image.service.image_access import get_visible_image, lock_visible_image, require_in_own_project
from stratiform.services.image.service.image_data import ImageData
from stratiform.services.image.service.image_transfers import ImageTransfers, TransferRequest
from stratiform.services.image.service.images import Images


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """`method`: its name and its parameters, such as `uri`. `stores` None: all if `all_stores`, else the default one.

    `all_stores_must_succeed`: the import fails, and leaves no data, if one of the stores fails.
    """

    method: Mapping[str, object]
    stores: Sequence[str] | None = None
    all_stores: bool = False
    all_stores_must_succeed: bool = True


@dataclass(frozen=True, slots=True)
class ImageImports:
    """Source: Image API v2, "Interoperable image import", "Tasks"."""

    ids: Ids
    images: Images
    data: ImageData
    transfers: ImageTransfers
    clock: Clock
    networks: Sequence[Network]

    @property
    def methods(self) -> Sequence[str]:
        """The methods that are available: copy-image needs several stores."""
        has_several = len(self.data.stores.list_writable()) > 1
        return [name for name in IMPORT_METHODS if has_several or name != "copy-image"]

    def create(self, ctx: RequestContext, image_id: str, request: ImportRequest) -> ImageTask | None:
        """Start the import of the data of an image; return None if all stores have it already.

        Raises: ImageNotFound, Invalid, Conflict, ImageQuotaExceeded.
        """
        image = lock_visible_image(ctx, image_id)
        name = self._require_method(request.method)
        rule = policy.IMAGES_COPY if name == "copy-image" else policy.IMAGES_UPDATE
        rule.require(ctx.caller, image.owner)
        self._require_importable(image, request.method)
        stores = self._choose_stores(image, request)
        if not stores:
            return None
        self._require_quota(ctx, image, len(stores) if name == "copy-image" else 0)
        self._save_importing(ctx, image, stores)
        import_req: dict[str, object] = {
            "method": dict(request.method),
            "all_stores": request.all_stores,
            "all_stores_must_succeed": request.all_stores_must_succeed,
        }
        values: dict[str, object] = {"image_id": image_id, "import_req": import_req, "backend": stores}
        return import_tasks.create_task(ctx, self.ids, "api_image_import", image_id, values)

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
        self._require_importable(image, {"name": "web-download", "uri": url})
        self._require_quota(ctx, image)
        self._save_importing(ctx, image, [self.data.stores.default_id])
        return import_tasks.create_task(ctx, self.ids, "import", image.id, dict(values))

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
            return import_tasks.renew_lease(blocks, keep_lease, self.clock)

        image = self.transfers.get(task.image_id)
        request, method = self._build_transfer(task), _get_method(task)
        if method == "copy-image":
            return self.transfers.copy(request, task.id, renew)
        is_active = image.status == "active"
        if is_active and not image.upload:  # by an attempt whose end was not recorded
            return image
        if method == "web-download" and not is_active:
            self._download(task, renew)
        return self.transfers.import_staged(request, renew)

    def finish(self, task: ImageTask, image: Image) -> ImageTask:
        """Return the task after its success."""
        return import_tasks.succeed(task, image.id, self.clock.now())

    def fail(self, task: ImageTask, reason: str) -> ImageTask:
        """Return the task after its failure; the image can be imported again."""
        self.transfers.abort(task.image_id, self._build_transfer(task).store_ids)
        return import_tasks.fail(task, reason, self.clock.now())

    def _download(self, task: ImageTask, renew: Callable[[Iterator[bytes]], Iterator[bytes]]) -> None:
        """Stage data from a web server. Raises: DownloadFailed and the errors of uploads."""
        upload = self.transfers.begin_download(task.image_id)
        try:
            with open_download(_find_url(task), self.networks) as blocks:
                for block in renew(blocks):
                    upload.write(block)
            self.data.finish_staging(upload)
        except BaseException:
            upload.discard_partial()
            raise

    def _build_transfer(self, task: ImageTask) -> TransferRequest:
        stores = task.input.get("backend")
        import_req = task.input.get("import_req")
        must_succeed = import_req.get("all_stores_must_succeed", True) if isinstance(import_req, dict) else True
        store_ids = [str(item) for item in stores] if isinstance(stores, list) else [self.data.stores.default_id]
        return TransferRequest(task.image_id, store_ids, bool(must_succeed))

    def _save_importing(self, ctx: RequestContext, image: Image, stores: Sequence[str]) -> None:
        properties = image.properties | build_import_state(importing=",".join(stores))
        status = image.status if image.status == "active" else "importing"
        self.data.records.save(ctx.db, replace(image, status=status, properties=properties, updated_at=ctx.now))

    def _require_quota(self, ctx: RequestContext, image: Image, copies: int = 0) -> None:
        """Raises ImageQuotaExceeded; staged data counts as an upload already."""
        self.data.quotas.require(ctx.db, image.owner, "image_size_total", copies * (image.size or 0))
        if image.status == "queued":
            self.data.quotas.require(ctx.db, image.owner, "image_count_uploading", 1)

    def _choose_stores(self, image: Image, request: ImportRequest) -> Sequence[str]:
        """Return the stores of an import. Raises Invalid, Conflict. Source: glance/common/utils.py."""
        stores = self.data.stores
        present = {location.store for location in image.data_locations}
        if request.all_stores:
            if request.stores is not None:
                raise Invalid("All_stores parameter can't be used with x-image-meta-store header or stores parameter")
            chosen = [store.id for store in stores.list_writable()]
            return [store_id for store_id in chosen if store_id not in present]
        chosen = list(dict.fromkeys(request.stores if request.stores is not None else [stores.default_id]))
        if not chosen:
            raise Invalid("The list of stores is empty.")
        for store_id in chosen:
            if store_id not in stores.stores:
                raise Conflict(f"Unknown scheme '{store_id}' found in URI")
            if stores.get(store_id).is_read_only:
                raise Conflict(f"Store '{store_id}' is read-only.")
            if store_id in present:
                raise Invalid(f"Image is already present at store '{store_id}'")
        return chosen

    def _require_method(self, method: Mapping[str, object]) -> str:
        """Return the name of an import method. Raises Invalid."""
        name = str(method.get("name"))
        if name not in self.methods:
            raise Invalid(f"Unknown import method name '{name}'.")
        return name

    def _require_importable(self, image: Image, method: Mapping[str, object]) -> None:
        """Raises Invalid, Conflict. Source of the texts: glance/api/v2/images.py."""
        name = self._require_method(method)
        if name == "copy-image":
            _require_copyable(image)
        elif image.status == "active":
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


def _require_copyable(image: Image) -> None:
    """Raises Conflict."""
    if image.status != "active":
        raise Conflict("Only images with status active can be targeted for copying")
    if image.importing_stores:
        raise Conflict(f"New operation on image '{image.id}' is not permitted as prior operation is still in progress")
    if not image.locations:
        raise Conflict(f"Image {image.id} has no data that can be copied.")


def _get_method(task: ImageTask) -> str:
    if task.type == "import":
        return "web-download"
    request = task.input["import_req"]
    assert isinstance(request, dict), "this service writes the input"
    return str(request["method"]["name"])


def _find_url(task: ImageTask) -> str:
    """Return the URL to download."""
    if task.type == "import":
        return str(task.input["import_from"])
    request = task.input["import_req"]
    assert isinstance(request, dict), "this service writes the input"
    return str(request["method"].get("uri", ""))
