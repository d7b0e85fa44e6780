"""Who may do what with prices."""

from stratiform.kit.policy import Policy, admin, anyone

policy = Policy(
    {
        "rating:prices:set": admin,
        "rating:prices:list": anyone,
        "rating:prices:get": anyone,
    }
)
