"""Stratiform's own REST API, `/api/v1`."""

from litestar.exceptions import HTTPException

from stratiform.interfaces.endpoints import Api
from stratiform.interfaces.endpoints.decoding import parse_json_bool
from stratiform.interfaces.rest.problems import MEDIA_TYPE, Problem, render_problem
from stratiform.kit.errors import Fault, Invalid


def _invalid_field(field: str, _value: str, reason: str) -> Fault:
    """Return the error for an invalid field; the reason contains the value."""
    return Invalid(reason if field in ("body", "query") else f"`{field}`: {reason}")


api = Api(
    name="rest",
    path="/api/v1",
    routes="stratiform.interfaces.rest.routes",
    exception_handlers={Exception: render_problem, HTTPException: render_problem},
    strict=True,
    parse_flag=parse_json_bool,
    invalid_field=_invalid_field,
    error_content={MEDIA_TYPE: Problem},
)
