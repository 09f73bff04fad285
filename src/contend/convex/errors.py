"""Convex's errors: their codes, their texts, and typed exceptions that carry both."""

from __future__ import annotations

from typing import Final

OCC_CODE: Final = "OptimisticConcurrencyControlFailure"
"""Code of a conflict that ran out of retries (convex-backend: crates/errors/src/lib.rs)."""
OCC_HTTP_STATUS: Final = 503
OCC_CLOSE_CODE: Final = 1013
"""WebSocket close code "Again"; the reason is `OCC_CODE` (convex-backend: crates/errors/src/lib.rs)."""

SYSTEM_OCC_MESSAGE: Final = (
    "Data read or written in this mutation changed while it was being run. Consider reducing the amount of data read "
    "by using indexed queries with selective index range expressions (https://docs.convex.dev/database/indexes/)."
)

_NARROW_READS: Final = (
    "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a "
    "selective index range expressions."
)


class DatabaseError(Exception):
    """A failure as Convex reports it. `code` is its short machine name, the message its text."""

    code = "InternalServerError"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class InvalidValueError(DatabaseError):
    """Not a Convex value, or not its JSON form."""

    code = "InvalidValue"


class InvalidRangeError(DatabaseError):
    """An index range expression that Convex rejects (convex-backend: crates/common/src/query.rs)."""

    code = "InvalidIndexRange"


class BadRequestError(DatabaseError):
    """A call that the database rejects: a missing document, a schema violation, an unknown index, a reused id."""

    code = "BadRequest"


class LimitExceededError(DatabaseError):
    """A transaction limit was exceeded; the function fails, without retry."""

    code = "PaginationLimit"


class TooManyWritesError(DatabaseError):
    """The deployment's write throughput is exhausted. Retried, and counted with the conflicts
    (convex-backend: crates/database/src/snapshot_manager.rs)."""

    code = "TooManyWrites"


class OutOfRetentionError(DatabaseError):
    """The transaction began before the oldest write still in the log (convex-backend:
    crates/database/src/write_log.rs). Not a conflict and not retried."""

    code = "OutOfRetention"


def occ_message(table: str | None, document: str | None, source: str | None, same_source: bool) -> str:
    """Text of a conflict on a user table. `table` None: the table can no longer be resolved. `source` is the write
    source in canonical form (convex-backend: crates/errors/src/lib.rs, crates/database/src/database.rs)."""
    subject = f'the "{table}" table' if table is not None else "some table"
    text = (
        f"Documents read from or written to {subject} changed while this mutation was being run and on every "
        "subsequent retry. "
    )
    if table is not None:
        who = "Another call to this mutation" if same_source or source is None else f'A call to "{source}"'
        text += f'{who} changed the document with ID "{document}". '
    return text + "See https://docs.convex.dev/error#1"


def too_many_documents_read(limit: int) -> LimitExceededError:
    """More documents scanned than one transaction may."""
    return LimitExceededError(
        f"Too many documents read in a single function execution (limit: {limit}). {_NARROW_READS}",
        "TooManyDocumentsRead",
    )


def too_many_bytes_read(limit: int) -> LimitExceededError:
    """More bytes scanned than one transaction may."""
    return LimitExceededError(
        f"Too many bytes read in a single function execution (limit: {limit} bytes). {_NARROW_READS}",
        "TooManyBytesRead",
    )


def too_many_ranges_read(limit: int) -> LimitExceededError:
    """More index intervals, after merging, than one transaction may read."""
    return LimitExceededError(
        f"Too many reads in a single function execution (limit: {limit}). {_NARROW_READS}", "TooManyReads"
    )


def too_many_documents_written(limit: int) -> LimitExceededError:
    """More write calls than one transaction may make."""
    return LimitExceededError(f"Too many writes in a single function execution (limit: {limit})", "TooManyWrites")


def too_many_bytes_written(limit: int) -> LimitExceededError:
    """More bytes written than one transaction may."""
    return LimitExceededError(
        f"Too many bytes written in a single function execution (limit: {limit} bytes)", "TooManyBytesWritten"
    )


def document_too_large(size: int, limit: int) -> LimitExceededError:
    """One document of more bytes than a document may have (convex-backend: crates/common/src/document.rs)."""
    mebibytes = (f"{size / 2**20:.2f}", f"{limit / 2**20:g}")
    return LimitExceededError(
        f"Value is too large ({mebibytes[0]} MiB > maximum size {mebibytes[1]} MiB)", "ValueTooLargeError"
    )


def too_many_functions_scheduled(limit: int) -> LimitExceededError:
    """More functions scheduled than one mutation may."""
    return LimitExceededError(
        f"Too many functions scheduled by this mutation (limit: {limit})", "TooManyFunctionsScheduled"
    )


def write_throughput_exceeded(bytes_per_second: int) -> TooManyWritesError:
    """The deployment-wide limit on written bytes."""
    mebibytes = bytes_per_second / 2**20
    return TooManyWritesError(
        f"Too many writes per second. Your deployment is limited to {mebibytes:g} MiB bytes written per 1 second."
    )


def nonexistent_document(operation: str, document: str) -> BadRequestError:
    """`patch`, `replace` or `delete` of a document that is not there (convex-backend:
    crates/database/src/transaction.rs)."""
    verb = {"patch": "Update", "replace": "Replace", "delete": "Delete"}[operation]
    return BadRequestError(f"{verb} on nonexistent document ID {document}", "NonexistentDocument")


def not_unique(table: str, first: str, second: str) -> BadRequestError:
    """`.unique()` found a second document (convex-backend: npm-packages/convex/src/server/impl/query_impl.ts)."""
    return BadRequestError(
        f"unique() query returned more than one result from table {table}:\n [{first}, {second}, ...]", "NotUnique"
    )


def multiple_paginated_queries() -> BadRequestError:
    """A second `.paginate` in one function."""
    return BadRequestError(
        "This query or mutation function ran multiple paginated queries. Convex only supports a single paginated "
        "query in each function.",
        "MultiplePaginatedQueries",
    )
