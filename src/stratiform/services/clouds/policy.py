"""Who may do what with clouds: the operator everything, a project's people see where it is served."""

from stratiform.kit.policy import Policy, admin, project_reader

policy = Policy(
    {
        "stratiform:clouds:add": admin,
        "stratiform:clouds:list": admin,
        "stratiform:clouds:show": admin,
        "stratiform:clouds:update": admin,
        "stratiform:clouds:remove": admin,
        "stratiform:clouds:check": admin,
        "stratiform:clouds:bind": admin,
        "stratiform:clouds:unbind": admin,
        "stratiform:clouds:bindings": project_reader,
        "stratiform:clouds:register": admin,
        "stratiform:clouds:natives": admin,
    }
)
