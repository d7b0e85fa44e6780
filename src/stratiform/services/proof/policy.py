"""Policy rules of proofs. OpenStack has no service of this kind, so the names are Stratiform's own."""

from stratiform.kit.policy import Rule, anyone, list_declared_rules

LOG_READ = Rule("usage:log:read", anyone, "Read checkpoints, keys, proofs and tiles of the ledger's log")

RULES = list_declared_rules(globals())
