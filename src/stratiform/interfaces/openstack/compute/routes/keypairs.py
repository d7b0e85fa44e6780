"""Key pairs. Source: Compute API reference, "Keypairs"."""

from typing import Any

from litestar import Response

from stratiform.interfaces.openstack.compute import schemas, views
from stratiform.interfaces.openstack.compute.routes.calls import Body, NotImplementedHere, next_links, one, page, shown
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, delete, get, post, reading, services_of, writing
from stratiform.kit.pagination import Page


def _user(request: Request) -> str | None:
    """From 2.10 on the operator may name somebody else."""
    return one(request, "user_id") if minor(request) >= 10 else None


@get("/os-keypairs")
def list_keypairs(request: Request) -> Body:
    asked = page(request) if minor(request) >= 35 else Page()
    with reading(request) as ctx:
        found = services_of(request).compute.keypairs.list(ctx, asked, _user(request))
    how = shown(request)
    body: Body = {"keypairs": [{"keypair": views.keypair(pair, how, full=False)} for pair in found.items]}
    if following := next_links(request, [pair.name for pair in found.items], more=found.more):
        body["keypairs_links"] = following
    return body


@get("/os-keypairs/{name:str}")
def show_keypair(request: Request, name: str) -> Body:
    with reading(request) as ctx:
        pair = services_of(request).compute.keypairs.get(ctx, name, _user(request))
    return {"keypair": views.keypair(pair, shown(request), full=True)}


@post("/os-keypairs")
def create_keypair(request: Request, body: bytes) -> Response[Body]:
    given = schemas.decode(body, schemas.CreateKeyPair).keypair
    schemas.require_version(given, minor(request), {"type": 2, "user_id": 10})
    kind = given.type if isinstance(given.type, str) else "ssh"
    user_id = given.user_id if isinstance(given.user_id, str) else None
    compute = services_of(request).compute
    private_key, public_key = "", given.public_key
    if public_key is None:
        if kind != "ssh":
            raise NotImplementedHere("Only ssh keys are generated; make the certificate yourself and import it.")
        with reading(request) as ctx:
            compute.keypairs.require_create(ctx, user_id)
        made = compute.keypairs.generate("Generated-by-Stratiform")
        private_key, public_key = made.private_key, made.public_key
    with writing(request) as ctx:
        pair = compute.keypairs.create(ctx, given.name, public_key, key_type=kind, user_id=user_id)
    answer = views.keypair(pair, shown(request), full=True, private_key=private_key)
    created = {key: answer[key] for key in _CREATED if key in answer}
    return Response({"keypair": created}, status_code=201 if minor(request) >= 2 else 200)


_CREATED = ("name", "public_key", "fingerprint", "type", "user_id", "private_key")


@delete("/os-keypairs/{name:str}", status_code=204)
def delete_keypair(request: Request, name: str) -> Response[None]:
    with writing(request) as ctx:
        services_of(request).compute.keypairs.delete(ctx, name, _user(request))
    return Response(None, status_code=204 if minor(request) >= 2 else 202)


handlers: list[Any] = [list_keypairs, show_keypair, create_keypair, delete_keypair]
