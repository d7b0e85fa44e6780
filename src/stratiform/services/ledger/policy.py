"""Policy rules of the ledger. OpenStack has no service of this kind, so the names are Stratiform's own."""

from stratiform.kit.policy import Rule, anyone, declared_rules, project_reader, system_reader

SEGMENTS_LIST = Rule("usage:segments:list", project_reader, "Read the usage of a project")
SEGMENTS_LIST_ALL = Rule("usage:segments:list_all", system_reader, "Read the usage of all projects")
VOLUME_TYPES_LIST = Rule("usage:volume_types:list", anyone, "List the volume types known to the ledger")

RULES = declared_rules(globals())
