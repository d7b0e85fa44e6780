"""Policy rules of audits. OpenStack has no service of this kind, so the names are Stratiform's own."""

from stratiform.kit.policy import Rule, admin, list_declared_rules

AUDITS_CREATE = Rule("usage:audits:create", admin, "Audit the ledger against its sources")

RULES = list_declared_rules(globals())
