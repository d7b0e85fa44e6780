"""Helpers for tests of the Identity API."""

from typing import Any

from support.callers import Callers

V3 = "/identity/v3"


def create(api: Callers, resource: str, /, **attributes: Any) -> dict[str, Any]:
    """Create a resource as admin, and return it."""
    return dict(api.ok("POST", f"{V3}/{resource}s", "admin", json={resource: attributes})[resource])
