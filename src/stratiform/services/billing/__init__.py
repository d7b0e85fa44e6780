"""Customer accounts, periods, documents and running costs. Rating calculates charges."""
