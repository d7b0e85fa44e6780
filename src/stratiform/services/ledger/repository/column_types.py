"""Types of SQL expressions."""

from typing import Any

from sqlalchemy import ColumnElement

#: A column of any type.
AnyColumn = ColumnElement[Any]

#: A result row of any columns.
AnyRow = Any

#: A condition of a WHERE clause.
Condition = ColumnElement[bool]
