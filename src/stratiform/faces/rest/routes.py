"""The routes of `/api/v1`."""

from litestar import Router
from litestar.exceptions import HTTPException

from stratiform.faces.rest import accounts, clouds, costs, invoices, periods, prices, usage
from stratiform.faces.rest.problems import problem
from stratiform.faces.stack import shows_token

router = Router(
    path="/api/v1",
    route_handlers=[
        *accounts.handlers,
        *clouds.handlers,
        *costs.handlers,
        *invoices.handlers,
        *periods.handlers,
        *prices.handlers,
        *usage.handlers,
    ],
    guards=[shows_token],
    exception_handlers={Exception: problem, HTTPException: problem},
)
