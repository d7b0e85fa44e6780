"""`/images/{image_id}/import`, `/images/{image_id}/tasks` and `/tasks`."""

from typing import Literal

import msgspec
from msgspec import UNSET, Struct

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.image import schemas, views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict
from stratiform.kit.pagination import Page
from stratiform.services.image import policy


class TasksQuery(Struct):
    type: Literal["import", "api_image_import"] | None = None
    status: Literal["pending", "processing", "success", "failure"] | None = None
    limit: str | None = None
    marker: str | None = None


@api.post("/images/{image_id}/import", policy.IMAGES_UPDATE, status=202, errors=(Conflict,))
def import_image(request: ApiRequest, image_id: str, body: schemas.ImageImportRequest) -> None:
    """Import staged data, or data from a web server, in the background."""
    stores = None if body.stores is UNSET or body.all_stores else body.stores
    request.services.image.image_imports.create(request.ctx, image_id, msgspec.to_builtins(body.method), stores)


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
