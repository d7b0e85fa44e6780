"""`/ec2tokens` and `/s3tokens`: tokens for requests that an EC2 credential signed, for services with AWS's APIs."""

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.routes.tokens import build_token_response
from stratiform.interfaces.openstack.identity.schemas import auth, ec2_tokens
from stratiform.kit.errors import Invalid
from stratiform.services.identity import policy
from stratiform.services.identity.model import Token
from stratiform.services.identity.model.aws_signatures import EMPTY_SHA256, SignedRequest


@api.post("/ec2tokens", policy.CREATE_EC2_TOKEN, status=200)
def create_ec2_token(request: ApiRequest, body: ec2_tokens.Ec2TokenRequest) -> ApiResponse[auth.TokenResponse]:
    credentials = body.credentials or body.ec2_credentials
    if credentials is None:
        raise Invalid("Invalid input for field 'credentials': it is required")
    signed = _build_signed_request(credentials)
    return _respond(request, *request.services.identity.ec2.issue_token(request.ctx, signed))


@api.post("/s3tokens", policy.CREATE_S3_TOKEN, status=200)
def create_s3_token(request: ApiRequest, body: ec2_tokens.S3TokenRequest) -> ApiResponse[auth.TokenResponse]:
    signed = body.credentials
    issued = request.services.identity.ec2.issue_s3_token(request.ctx, signed.access, signed.signature, signed.token)
    return _respond(request, *issued)


def _respond(request: ApiRequest, token_id: str, token: Token) -> ApiResponse[auth.TokenResponse]:
    caller = token.caller
    catalog = request.services.identity.catalog.build_catalog(
        request.ctx.db, request.ctx.now, project_id=caller.project_id, user_id=caller.user_id
    )
    return build_token_response(token_id, token, catalog)


def _build_signed_request(signed: ec2_tokens.Ec2TokenCredentials) -> SignedRequest:
    """Return the request that a service received. As in keystoneclient, version 4 signs no query with POST."""
    headers = {name.lower(): value for name, value in signed.headers.items()}
    headers.setdefault("host", signed.host)
    pairs = tuple((name, str(value)) for name, value in signed.params.items())
    is_4 = headers.get("authorization", "").startswith("AWS4-HMAC-SHA256") or "X-Amz-Algorithm" in signed.params
    if not is_4:
        implied = {"AWSAccessKeyId": signed.access, "Signature": signed.signature}
        pairs += tuple((name, value) for name, value in implied.items() if name not in signed.params)
    query = () if is_4 and signed.verb == "POST" and "authorization" in headers else pairs
    return SignedRequest(signed.verb, signed.path, query, headers, signed.body_hash or EMPTY_SHA256)
