"""What `ctx.scheduler`, `ctx.storage`, environment variables and the caller's own records do to the database. Each is
reads and writes of system tables, so each can conflict (convex-backend: crates/model/src)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from contend.convex.errors import BadRequestError, too_many_functions_scheduled
from contend.convex.paths import CRON_SOURCE, SCHEDULED_SOURCE
from contend.convex.ranges import eq
from contend.convex.retries import Runner

if TYPE_CHECKING:
    from contend.engine.scanning import Row
    from contend.engine.transaction import Transaction

_ENDED: Final = frozenset({"success", "failed", "canceled"})


def schedule(tx: Transaction, function: str, args: Mapping[str, Any], at_ms: float, parent: str | None = None) -> str:
    """`scheduler.runAfter`/`runAt` in a mutation: inserts the job, and its arguments; returns its id. `parent` is the
    job that the caller itself runs as: it is read, and children of a cancelled one are born cancelled (convex-backend:
    crates/model/src/scheduled_jobs/mod.rs)."""
    scheduled = len(tx.writes.get(_table(tx, "_scheduled_job_args"), ()))
    if scheduled >= tx.limits.functions_scheduled:
        raise too_many_functions_scheduled(tx.limits.functions_scheduled)
    state = "pending"
    if parent is not None:
        job = tx.get(parent)
        if job is not None and job["state"] == "canceled":
            state = "canceled"
    arguments = tx.insert("_scheduled_job_args", {"args": dict(args)})
    return tx.insert(
        "_scheduled_jobs", {"function": function, "args": arguments, "at": float(at_ms), "state": state, "attempts": 0}
    )


def cancel(tx: Transaction, job: str) -> None:
    """`scheduler.cancel`: reads the job and, unless it has ended, replaces it, so it conflicts with that job running
    (convex-backend: crates/model/src/scheduled_jobs/mod.rs)."""
    record = tx.get(job)
    if record is not None and record["state"] not in _ENDED:
        tx.patch(job, {"state": "canceled"})


def store_file(tx: Transaction, storage_id: str) -> str:
    """Adds a stored file's record; returns its id."""
    return tx.insert("_file_storage", {"storageId": storage_id})


def file_url(tx: Transaction, file: str) -> str | None:
    """`storage.getUrl`: reads the file's record and the canonical URL (convex-backend:
    crates/file_storage/src/core.rs)."""
    record = tx.get(file)
    tx.query("_canonical_urls").collect()
    return None if record is None else f"/api/storage/{record['storageId']}"


def upload_url(tx: Transaction) -> str:
    """`storage.generateUploadUrl`: reads the canonical URL alone (convex-backend: crates/file_storage/src/core.rs)."""
    tx.query("_canonical_urls").collect()
    return "/api/storage/upload"


def delete_file(tx: Transaction, file: str) -> None:
    """`storage.delete`: reads and deletes the file's record."""
    tx.delete(file)


def environment_variable(tx: Transaction, name: str) -> str | None:
    """`process.env.NAME`: reads that variable alone (convex-backend: crates/database/src/preloaded.rs)."""
    row = tx.query("_environment_variables").with_index("by_name", eq("name", name)).first()
    return None if row is None else str(row["value"])


def set_environment_variable(tx: Transaction, name: str, value: str) -> None:
    """Sets a variable, as the dashboard does."""
    row = tx.query("_environment_variables").with_index("by_name", eq("name", name)).first()
    if row is None:
        tx.insert("_environment_variables", {"name": name, "value": value})
    else:
        tx.patch(row["_id"], {"value": value})


def write_source(runner: Runner, function: str) -> str:
    """The write source of a mutation: its canonical path, except that scheduled and cron mutations lose theirs."""
    if runner == "scheduler":
        return SCHEDULED_SOURCE
    return CRON_SOURCE if runner == "cron" else function


def recorded_result(tx: Transaction, session: str, request: str) -> Row | None:
    """The record of a request that has run already, None for a new one. Read by every mutation with a session
    identifier (convex-backend: crates/model/src/session_requests/mod.rs)."""
    identifiers = (eq("session", session), eq("request", request))
    return tx.query("_session_requests").with_index("by_session_id_and_request_id", *identifiers).first()


def record_result(tx: Transaction, session: str, request: str, result: Any) -> None:
    """Records a request's result, which makes the mutation a writer."""
    tx.insert("_session_requests", {"session": session, "request": request, "result": result})


def finish_job(tx: Transaction, job: str) -> bool:
    """The last step of a scheduled mutation: its own job becomes a success. False, and nothing written, where the job
    has ended meanwhile: it must not run (convex-backend: crates/application/src/scheduled_jobs/mod.rs)."""
    record = tx.get(job)
    if record is None or record["state"] in _ENDED:
        return False
    tx.patch(job, {"state": "success"})
    return True


def finish_cron(tx: Transaction, name: str, run: int) -> None:
    """The last step of a cron mutation: its record moves to the next run, and the run is logged (convex-backend:
    crates/application/src/cron_jobs/mod.rs)."""
    row = tx.query("_cron_jobs").with_index("by_name", eq("name", name)).first()
    if row is None:
        tx.insert("_cron_jobs", {"name": name, "run": run})
    else:
        tx.patch(row["_id"], {"run": run})
    tx.insert("_cron_job_logs", {"name": name, "run": run})


def _table(tx: Transaction, name: str) -> Any:
    table = tx.table(name)
    if table is None:
        raise BadRequestError(f"System table {name} is missing: use a database made by Database()")
    return table
