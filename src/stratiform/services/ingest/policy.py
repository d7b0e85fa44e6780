"""Policy rules of ingest. OpenStack has no service of this kind, so the names are Stratiform's own."""

from stratiform.kit.policy import Rule, admin, admin_or_service, anyone, list_declared_rules, system_reader

MESSAGES_CREATE = Rule("usage:notifications:create", admin, "Ingest notifications")
EVENTS_CREATE = Rule("usage:events:create", admin_or_service, "Ingest CloudEvents")
RESOURCE_UPDATES_CREATE = Rule("usage:resource_updates:create", admin_or_service, "Report changes of resources")
REJECTED_MESSAGES_LIST = Rule("usage:rejected_messages:list", admin, "List rejected messages")
REJECTED_MESSAGES_DELETE = Rule("usage:rejected_messages:delete", admin, "Delete rejected messages")
REJECTED_MESSAGES_REPLAY = Rule("usage:rejected_messages:replay", admin, "Ingest rejected messages again")
IGNORED_MESSAGES_LIST = Rule("usage:ignored_messages:list", admin, "Count ignored messages by type")
IGNORED_MESSAGES_REPLAY = Rule("usage:ignored_messages:replay", admin, "Ingest ignored messages again")
CORRECTIONS_CREATE = Rule("usage:corrections:create", admin, "Correct the usage of a resource")
CORRECTIONS_LIST = Rule("usage:corrections:list", system_reader, "List corrections")
NAMES_SET = Rule("usage:names:set", admin, "Set the names of volume types, flavors, images and projects")
METERS_LIST = Rule("usage:meters:list", anyone, "List the meter files")
POLLS_LIST = Rule("usage:polls:list", system_reader, "List polled meters of clouds")
POLLS_REWIND = Rule("usage:polls:rewind", admin, "Read a polled meter again from an earlier time")

RULES = list_declared_rules(globals())
