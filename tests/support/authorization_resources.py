"""Resources of the Identity API for the authorization matrix: admins of customers, credentials, limits, federation."""

from typing import Any

from support.callers import PASSWORD, Callers


def create_admins(api: Callers) -> str:
    """Create an admin of project green, and a domain with a manager. Return the id of the domain."""
    v3 = "/identity/v3"
    domain_id = str(api.ok("POST", f"{v3}/domains", "admin", json={"domain": {"name": "partner"}})["domain"]["id"])
    roles = {role["name"]: role["id"] for role in api.ok("GET", f"{v3}/roles", "admin")["roles"]}
    targets = {
        "green-admin": ("projects", api.projects["green"], "admin"),
        "partner-manager": ("domains", domain_id, "manager"),
    }
    for name, (kind, target_id, role) in targets.items():
        body = {"user": {"name": name, "password": PASSWORD, "domain_id": domain_id}}
        user_id = api.ok("POST", f"{v3}/users", "admin", json=body)["user"]["id"]
        api.ok("PUT", f"{v3}/{kind}/{target_id}/users/{user_id}/roles/{roles[role]}", "admin")
        identity = {"methods": ["password"], "password": {"user": {"id": user_id, "password": PASSWORD}}}
        auth = {"auth": {"identity": identity, "scope": {kind.removesuffix("s"): {"id": target_id}}}}
        response = api.client.post(f"{v3}/auth/tokens", json=auth)
        api.tokens[name] = response.headers["X-Subject-Token"]
    return domain_id


def create_credentials(api: Callers, user_id: str, reader_id: str) -> dict[str, str]:
    """Create credentials and a trust of the member of green."""
    v3, project_id = "/identity/v3", api.projects["green"]
    body: dict[str, Any] = {"credential": {"user_id": user_id, "type": "cert", "blob": "secret blob"}}
    credential = api.ok("POST", f"{v3}/credentials", json=body)["credential"]
    ec2 = api.ok("POST", f"{v3}/users/{user_id}/credentials/OS-EC2", json={"tenant_id": project_id})["credential"]
    rule = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}
    body = {"application_credential": {"name": "limited", "access_rules": [rule]}}
    limited = api.ok("POST", f"{v3}/users/{user_id}/application_credentials", json=body)["application_credential"]
    trustee_id = api.ok("GET", f"{v3}/users?name=green-reader", "admin")["users"][0]["id"]
    trust = {
        "trustor_user_id": user_id,
        "trustee_user_id": trustee_id,
        "project_id": project_id,
        "impersonation": False,
        "roles": [{"id": reader_id}],
    }
    return {
        "credential_id": credential["id"],
        "access": ec2["access"],
        "access_rule_id": limited["access_rules"][0]["id"],
        "trust_id": api.ok("POST", f"{v3}/OS-TRUST/trusts", json={"trust": trust})["trust"]["id"],
    }


def create_simple_resources(api: Callers, service_id: str) -> dict[str, str]:
    """Create a policy, limits, an endpoint group, and the resources of a federation."""
    v3, federation = "/identity/v3", "/identity/v3/OS-FEDERATION"
    registered = {"service_id": service_id, "resource_name": "widgets", "default_limit": 1}
    limit = {
        "service_id": service_id,
        "resource_name": "widgets",
        "resource_limit": 2,
        "project_id": api.projects["green"],
    }
    rules = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]
    group = {"endpoint_group": {"name": "public", "filters": {"interface": "public"}}}

    def post(path: str, body: dict[str, Any]) -> Any:
        return api.ok("POST", v3 + path, "admin", json=body)

    identifiers = {
        "identity_policy_id": post("/policies", {"policy": {"blob": "{}", "type": "application/json"}})["policy"]["id"],
        "registered_limit_id": post("/registered_limits", {"registered_limits": [registered]})["registered_limits"][0][
            "id"
        ],
        "limit_id": post("/limits", {"limits": [limit]})["limits"][0]["id"],
        "endpoint_group_id": post("/OS-EP-FILTER/endpoint_groups", group)["endpoint_group"]["id"],
        "idp_id": "idp",
        "mapping_id": "mapping",
        "protocol_id": "saml2",
        "sp_id": "sp",
    }
    urls = {"auth_url": "https://sp.example/auth", "sp_url": "https://sp.example/sso"}
    created = {
        "identity_providers/idp": {"identity_provider": {"enabled": True}},
        "mappings/mapping": {"mapping": {"rules": rules}},
        "identity_providers/idp/protocols/saml2": {"protocol": {"mapping_id": "mapping"}},
        "service_providers/sp": {"service_provider": urls},
    }
    for path, body in created.items():
        api.ok("PUT", f"{federation}/{path}", "admin", json=body)
    return identifiers
