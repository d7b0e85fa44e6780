"""Parts of the Identity API that are refused with a reason: OAuth1, and drivers of domains."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.kit.errors import UnsupportedOperation
from stratiform.services.identity import policy

_OAUTH = "OAuth 1.0a is not supported: use application credentials or trusts to delegate access."
_DRIVERS = (
    "Domain-specific drivers cannot be configured through this API; LDAP directories are configured in the settings."
)

_OAUTH_PATHS = (
    ("GET", "/OS-OAUTH1/consumers"),
    ("POST", "/OS-OAUTH1/consumers"),
    ("GET", "/OS-OAUTH1/consumers/{consumer_id}"),
    ("PATCH", "/OS-OAUTH1/consumers/{consumer_id}"),
    ("DELETE", "/OS-OAUTH1/consumers/{consumer_id}"),
    ("PUT", "/OS-OAUTH1/authorize/{request_token_id}"),
)

_CONFIG_PATHS = ("/domains/{domain_id}/config", "/domains/{domain_id}/config/{config_group}")


def _get_domain(request: ApiRequest, domain_id: str, config_group: str = "") -> object:  # noqa: ARG001 - of the path
    return request.services.identity.domains.get(request.ctx, domain_id)


for _method, _path in _OAUTH_PATHS:
    api.declare_unsupported(_method, _path, policy.OAUTH, _OAUTH)
for _path in _CONFIG_PATHS:
    for _method in ("GET", "PUT", "PATCH", "DELETE"):
        api.declare_unsupported(_method, _path, policy.DOMAIN_CONFIG, _DRIVERS, get=_get_domain)


@api.post("/OS-OAUTH1/request_token", None, errors=(UnsupportedOperation,))
@api.post("/OS-OAUTH1/access_token", None, errors=(UnsupportedOperation,))
def create_oauth_token(_request: ApiRequest) -> None:
    """Refuse OAuth 1.0a. These requests have the signature of a consumer instead of a token."""
    raise UnsupportedOperation(_OAUTH)
