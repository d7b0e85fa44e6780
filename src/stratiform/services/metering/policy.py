"""Who may do what to the ledger. The rules are ours: OpenStack has no service of this kind."""

from stratiform.kit.policy import Policy, admin, admin_or_service, anyone, project_reader, system_reader

policy = Policy(
    {
        "usage:segments:list": project_reader,
        "usage:segments:list_all": system_reader,
        "usage:log:read": anyone,
        "usage:notifications:create": admin,
        "usage:events:create": admin_or_service,
        "usage:entities:tell": admin_or_service,
        "usage:volume_types:list": anyone,
        "usage:rejected:list": admin,
        "usage:rejected:drop": admin,
        "usage:rejected:replay": admin,
        "usage:corrections:create": admin,
        "usage:corrections:list": system_reader,
        "usage:audits:create": admin,
        "usage:meters:list": anyone,
        "usage:polls:list": system_reader,
        "usage:polls:rewind": admin,
        "usage:unknown:list": admin,
        "usage:unknown:replay": admin,
    }
)
