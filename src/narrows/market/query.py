"""Questions to a store in SQL: read-only, in memory, without files or the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from narrows.errors import UsageError
from narrows.market.store import TABLES, Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Answer", "query"]

LIMIT = 1000
"""Rows of an answer, unless more are asked for."""
MOST_MEMORY = "1GB"


@dataclass(frozen=True)
class Answer:
    """Rows of an answer.

    Parameters
    ----------
    columns
        Their names.
    rows
        The rows.
    more
        Whether rows were left out at the limit.
    vintage
        Number of the vintage that was asked.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool
    vintage: int


def query(text: str, store: str | Path, *, limit: int = LIMIT) -> Answer:
    """Return the answer of a store to one SELECT.

    Parameters
    ----------
    text
        SQL of DuckDB. The views are ``closes`` (date, security, ticker, close, adj_close, volume, source) and
        the tables beside them: securities, actions, membership, taxonomy, capitalisation, provenance, marks,
        records, weeks.
    store
        Folder of the store.
    limit
        Rows returned at most.

    Raises
    ------
    UsageError
        If the text is not one SELECT, or DuckDB refuses it.
    DataError
        If the store cannot be read.

    Notes
    -----
    The connection may open the files of one vintage and nothing else; its settings are locked before the text
    is run.
    """
    import duckdb

    if limit < 1:
        raise UsageError(
            f"The rows asked for are {limit}",
            "An answer has 1 row or more",
            "Give, for instance, --limit 1000",
        )
    held = Store(store)
    with duckdb.connect(config={"threads": 1}) as connection:
        files = [str(held.path(part).resolve()) for part in held.vintage.parts]
        years = [str(held.path(part).resolve()) for _, part in sorted(held.vintage.years.items())]
        connection.execute(f"SET memory_limit = '{MOST_MEMORY}'")
        connection.execute("SET temp_directory = ''")
        connection.execute("SET autoinstall_known_extensions = false")
        connection.execute("SET autoload_known_extensions = false")
        connection.execute(f"SET allowed_paths = {_list(files)}")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        if years:
            connection.execute(f"CREATE VIEW closes AS SELECT * FROM read_parquet({_list(years)})")  # noqa: S608
        for name in TABLES:
            part = held.vintage.tables.get(name)
            if part is not None:
                path = _list([str(held.path(part).resolve())])
                connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet({path})")  # noqa: S608
        try:
            found = connection.execute(_one_select(connection, text))
            columns = tuple(str(column[0]) for column in found.description)
            rows = found.fetchmany(limit + 1)
        except duckdb.Error as error:
            raise UsageError(
                f"The question cannot be answered: {str(error).strip().splitlines()[0]}",
                f"The views are closes, {', '.join(TABLES)}; no file and no address can be read",
                "Ask, for instance, SELECT * FROM closes LIMIT 5",
            ) from error
    return Answer(columns, tuple(rows[:limit]), len(rows) > limit, held.vintage.number)


def _one_select(connection: Any, text: str) -> Any:
    import duckdb

    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError(
            f"The question has {len(statements)} statements, or one that is no SELECT",
            "A question is one SELECT; a store is written by ingest alone",
            "Write, for instance, SELECT max(date) FROM closes",
        )
    return statements[0]


def _list(paths: list[str]) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"
