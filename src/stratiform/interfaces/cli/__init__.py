"""The `stratiform` command, a client of our REST API. Does not own: any rule."""
