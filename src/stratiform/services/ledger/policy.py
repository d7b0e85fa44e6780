"""Policy rules of the ledger. OpenStack has no service of this kind, so the names are Stratiform's own."""

from stratiform.kit.policy import Caller, Rule, anyone, list_declared_rules, project_reader, system_reader


def any_reader(caller: Caller, _project_id: str | None) -> bool:
    """Readers of any project or of the system, and operators."""
    return caller.is_admin or "reader" in caller.roles


SEGMENTS_LIST = Rule("usage:segments:list", project_reader, "Read the usage of a project")
SEGMENTS_LIST_ALL = Rule("usage:segments:list_all", system_reader, "Read the usage of all projects")
ENTITIES_LIST = Rule("usage:entities:list", any_reader, "Read entities in Almanach's API")
NAMES_LIST = Rule("usage:names:list", system_reader, "List the names of volume types, flavors, images and projects")
VOLUME_TYPES_LIST = Rule("usage:volume_types:list", anyone, "List the volume types known to the ledger")

RULES = list_declared_rules(globals())
