"""One file per revision, each with upgrade and downgrade."""
