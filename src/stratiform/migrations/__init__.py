"""The one history of the schema. Owns: how it came to be. Does not own: the tables; each service has its own."""

#: The newest revision, so that a start on a current database need not read the history.
HEAD = "0005"
