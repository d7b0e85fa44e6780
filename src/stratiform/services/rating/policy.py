"""Policy rules of price plans."""

from stratiform.kit.policy import Rule, admin, anyone, list_declared_rules

PRICES_SET = Rule("rating:prices:set", admin, "Publish a price plan")
PRICES_LIST = Rule("rating:prices:list", anyone, "List price plans")
PRICES_GET = Rule("rating:prices:get", anyone, "Show a price plan")

RULES = list_declared_rules(globals())
