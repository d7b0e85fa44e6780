"""What tests share: databases, a running stack, clients."""
