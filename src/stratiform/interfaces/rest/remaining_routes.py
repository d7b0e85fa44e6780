"""The routes of `/api/v1`."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.interfaces.rest import (
    audits,
    corrections,
    prices,
    proofs,
    usage,
)
from stratiform.interfaces.rest.parameters import reads_bodies_as_they_are, takes_what_it_knows
from stratiform.interfaces.rest.problems import render_problem
from stratiform.interfaces.services import require_token

router = Router(
    path="/api/v1",
    route_handlers=[
        *audits.handlers,
        *corrections.handlers,
        *prices.handlers,
        *proofs.handlers,
        *usage.handlers,
    ],
    guards=[require_token, takes_what_it_knows, reads_bodies_as_they_are],
    exception_handlers={Exception: render_problem, HTTPException: render_problem},
)
