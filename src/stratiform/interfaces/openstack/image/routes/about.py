"""What the Image API says of itself: schemas, and ways to import."""

from typing import Any

from stratiform.interfaces.openstack.image import views
from stratiform.interfaces.services import Request, get, reading
from stratiform.kit.errors import NotFound

Body = dict[str, Any]

_SCHEMAS = {
    "image": views.IMAGE_SCHEMA,
    "images": views.many("images", views.IMAGE_SCHEMA),
    "member": views.MEMBER_SCHEMA,
    "members": views.many("members", views.MEMBER_SCHEMA),
}


@get("/schemas/{noun:str}")
def show_schema(request: Request, noun: str) -> Body:
    with reading(request):
        if noun not in _SCHEMAS:
            raise NotFound(f"There is no schema of {noun}.")
        return _SCHEMAS[noun]


@get("/info/import")
def show_import(request: Request) -> Body:
    """None: bytes come by upload only."""
    with reading(request):
        return {
            "import-methods": {"description": "Import methods available.", "type": "array", "value": []},
        }


@get("/info/stores")
def show_stores(request: Request) -> Body:
    with reading(request):
        raise NotFound("Multi backend is not supported at this site.")


handlers: list[Any] = [show_schema, show_import, show_stores]
