"""Errors of the databases and their drivers, as errors of the API."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from stratiform.kit.errors import Conflict, Deadlock, Fault, Invalid, Unavailable

logger = logging.getLogger(__name__)

#: The error for values that no column, or not the column they are for, can store.
UNSTORABLE_VALUE = "A value contains characters that cannot be stored, is too long, or is out of range."

#: Codes of wrong statements, such as one with an unknown column, which SQLite and MariaDB report as operational errors.
_STATEMENT_ERRORS = {"SQLITE_ERROR", 1054}

#: Codes of errors that end one of several transactions that wait for each other: PostgreSQL (SQLSTATE) and MariaDB.
_DEADLOCKS = {"40P01", "40001", 1213}

#: Codes of missing values, which are defects of the program: PostgreSQL, MariaDB, SQLite.
_MISSING_VALUES = {"23502", 1048, 1364, "SQLITE_CONSTRAINT_NOTNULL"}

#: MariaDB's codes of violated constraints that PyMySQL does not report as such: CHECK, and a missing value.
_UNREPORTED_VIOLATIONS = {1364, 4025}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise Unavailable for errors of the connection, and Conflict for violated constraints.

    Neither has the statement and its values. A wrong statement is a ProgrammingError on every database.
    """
    try:
        yield
    except Fault:
        raise
    except IntegrityError as error:
        if _error_codes(error.orig) & _MISSING_VALUES:
            raise
        logger.warning("constraint violated error=%r", str(error.orig).splitlines()[0])
        raise Conflict(
            "The request conflicts with another request that changes the same data", hint="retry the request"
        ) from error
    except (OperationalError, InterfaceError) as error:
        if _error_codes(error.orig) & _STATEMENT_ERRORS:
            raise ProgrammingError(error.statement, None, cast("BaseException", error.orig)) from error
        if _error_codes(error.orig) & _DEADLOCKS:
            raise Deadlock from error
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no response"
        raise Unavailable("the database is not available", reason=reason) from error
    except PoolTimeoutError as error:
        raise Unavailable("all database connections are in use") from error


def reject_value(failure: ExceptionContext) -> None:
    """Raise Invalid for values that no column can store: NUL, incomplete characters, numbers out of range."""
    error = failure.original_exception
    if isinstance(error, OverflowError | UnicodeError) or isinstance(failure.sqlalchemy_exception, DataError):
        raise Invalid(UNSTORABLE_VALUE) from error


def report_violation(failure: ExceptionContext) -> None:
    """Raise IntegrityError for every violated constraint on MariaDB, as other databases do."""
    error = failure.original_exception
    is_operational = isinstance(failure.sqlalchemy_exception, OperationalError)
    if is_operational and _error_codes(error) & _UNREPORTED_VIOLATIONS:
        raise IntegrityError(failure.statement, None, error) from error


def _error_codes(error: BaseException | None) -> set[object]:
    """Return the codes of a driver's error."""
    names = (getattr(error, "sqlstate", None), getattr(error, "sqlite_errorname", None))
    return {*names, *(error.args[:1] if error else ())}
