"""Policy rules of price plans."""

from stratiform.kit.policy import Rule, admin, list_declared_rules, system_reader

PRICES_SET = Rule("rating:prices:set", admin, "Publish a price plan")
PRICES_LIST = Rule("rating:prices:list", system_reader, "List all price plans")
PRICES_GET = Rule("rating:prices:get", system_reader, "Show any price plan")

RULES = list_declared_rules(globals())
