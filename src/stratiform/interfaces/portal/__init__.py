"""The web dashboard of a project: costs, servers, volumes and invoices."""
