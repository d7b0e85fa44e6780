"""Projects, domains, users, groups, roles, assignments, application credentials, tokens, service catalog."""
