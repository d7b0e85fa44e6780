"""Who may do what with accounts and invoices. The rules are ours: OpenStack has no service of this kind."""

from stratiform.kit.policy import Policy, admin, project_reader, system_reader

policy = Policy(
    {
        "billing:accounts:create": admin,
        "billing:accounts:list": system_reader,
        "billing:accounts:get": system_reader,
        "billing:accounts:assign": admin,
        "billing:prices:set": admin,
        "billing:seller:get": system_reader,
        "billing:seller:set": admin,
        "billing:periods:close": admin,
        "billing:periods:list": system_reader,
        "billing:invoices:list": project_reader,
        "billing:invoices:get": project_reader,
        "billing:invoices:list_all": system_reader,
        "billing:costs:get": project_reader,
    }
)
