"""`/images/{image_id}/import`, `/images/{image_id}/tasks` and `/tasks`."""

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, field

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.image import schemas, views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, ContentTooLarge, Invalid
from stratiform.kit.pagination import Page
from stratiform.services.image import policy
from stratiform.services.image.service import ImportRequest


class StoreHeaders(Struct):
    """`store`: the store that receives the data."""

    store: str | None = field(name="x-image-meta-store", default=None)


class TasksQuery(Struct):
    type: Literal["import", "api_image_import", "location_import"] | None = None
    status: Literal["pending", "processing", "success", "failure"] | None = None
    limit: str | None = None
    marker: str | None = None


@api.post("/images/{image_id}/import", policy.IMAGES_UPDATE, status=202, errors=(Conflict, ContentTooLarge))
def import_image(request: ApiRequest, image_id: str, body: schemas.ImageImportRequest, headers: StoreHeaders) -> None:
    """Import staged data, data from a web server, or data of another store, in the background."""
    stores = None if body.stores is UNSET else body.stores
    if headers.store is not None:
        if stores not in (None, [headers.store]):
            raise Invalid("Stores parameter and x-image-meta-store header can't be both specified")
        stores = [headers.store]
    values = ImportRequest(msgspec.to_builtins(body.method), stores, body.all_stores, body.all_stores_must_succeed)
    request.services.image.image_imports.create(request.ctx, image_id, values)


@api.get("/images/{image_id}/tasks", policy.IMAGES_GET)
def list_image_tasks(request: ApiRequest, image_id: str) -> schemas.ImageTasksResponse:
    tasks = request.services.image.image_imports.list_of_image(request.ctx, image_id)
    return schemas.ImageTasksResponse([views.task_detail(task) for task in tasks])


@api.get("/tasks", policy.IMAGE_TASKS_LIST)
def list_tasks(request: ApiRequest, query: TasksQuery) -> schemas.TasksResponse:
    page = Page.parse(query.limit, query.marker)
    tasks = request.services.image.image_imports.list(request.ctx, page, query.type or "", query.status or "")
    return views.tasks_response(tasks, request.query_items)


@api.post("/tasks", policy.IMAGE_TASKS_CREATE, status=201, errors=(Conflict,))
def create_task(request: ApiRequest, body: schemas.TaskCreateRequest) -> ApiResponse[schemas.TaskDetail]:
    """Create an image and import its data from a web server, in the background."""
    task = request.services.image.image_imports.create_with_image(request.ctx, body.input)
    return ApiResponse(views.task_detail(task), headers={"Location": f"/v2/tasks/{task.id}"})


@api.get("/tasks/{task_id}", policy.IMAGE_TASKS_GET)
def show_task(request: ApiRequest, task_id: str) -> schemas.TaskDetail:
    return views.task_detail(request.services.image.image_imports.get(request.ctx, task_id))
