"""Functions from models to responses, for those that several routes return."""
