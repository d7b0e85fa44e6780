"""A Prometheus server, or one with its query API, as a source of usage samples. It has no servers or volumes."""
