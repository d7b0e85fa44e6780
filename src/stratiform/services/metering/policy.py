"""Who may do what to the ledger. The rules are ours: OpenStack has no service of this kind."""

from stratiform.kit.policy import Policy, admin, project_reader, system_reader

policy = Policy(
    {
        "usage:segments:list": project_reader,
        "usage:segments:list_all": system_reader,
        "usage:notifications:create": admin,
        "usage:rejected:list": admin,
        "usage:rejected:replay": admin,
    }
)
