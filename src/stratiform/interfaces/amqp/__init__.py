"""AMQP."""
