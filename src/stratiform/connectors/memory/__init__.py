"""A simulated cloud in a SQLite file, with configurable latency and faults."""
