"""Views: from models of the compute service to response structs."""
