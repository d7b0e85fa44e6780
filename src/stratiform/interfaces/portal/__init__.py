"""The dashboard. Does not own: anything; it shows what the services say."""
