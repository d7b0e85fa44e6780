"""The notification consumer for the message bus of an OpenStack (RabbitMQ).

It consumes as oslo.messaging's notification listeners do: the same transport URL, exchanges, queues and bindings. It
does not interpret messages. See decision 0013.
"""
