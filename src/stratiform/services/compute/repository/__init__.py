"""Queries on servers, instance actions, flavors and key pairs."""
