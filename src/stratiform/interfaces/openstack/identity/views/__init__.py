"""From the model of the identity service to responses. Source: the Identity API v3 reference."""
