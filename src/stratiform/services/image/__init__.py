"""Images: their records, members, data, and copies in clouds. Source: Image API v2."""
