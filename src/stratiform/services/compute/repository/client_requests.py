"""Queries on requests with a token of the client."""

from sqlalchemy import delete

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.services.compute.model.client_requests import ClientRequest
from stratiform.services.compute.tables import client_request_table

_requests = TableGateway(client_request_table, ClientRequest, key="token")


def find_request(db: Connection, project_id: str, token: str) -> ClientRequest | None:
    c = client_request_table.c
    return _requests.find_first(db, c.project_id == project_id, c.token == token)


def insert_request(db: Connection, request: ClientRequest) -> None:
    _requests.insert(db, request)


def delete_requests_before(db: Connection, project_id: str, before: Micros) -> None:
    c = client_request_table.c
    db.execute(delete(client_request_table).where(c.project_id == project_id, c.created_at < before))
