"""Every query of networking."""
