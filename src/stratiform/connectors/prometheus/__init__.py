"""A Prometheus server, or another server with the Prometheus query API, as a source of usage samples. It does not
provide servers or volumes.
"""
