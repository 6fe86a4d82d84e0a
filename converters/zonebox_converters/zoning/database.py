"""Layers of a PostgreSQL database with PostGIS, by URL: ``postgresql://user@host/database?table=schema.parcels``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox.errors import InputError, public_url
from zonebox.frame import Frame
from zonebox_converters.zoning.layer import Bounds, Layer, texts

_SCHEMES: Final = ("postgresql", "postgres")
_BATCH: Final = 10_000
"""Rows fetched at a time: the server keeps the rest."""
_WAIT_S: Final = 10
_OURS: Final = ("table", "geom")
"""Keys of a URL that are ours; the rest is for the database's own library."""


def is_database(source: str) -> bool:
    """Tell whether a source is the URL of a database."""
    return source.partition("://")[0].casefold() in _SCHEMES


def read(source: str, *, where: str = "", near: tuple[Frame, Bounds] | None = None, concept: str = "") -> Layer:
    """Read a table with a geometry column.

    The URL's ``table`` names it (``parcels`` or ``schema.parcels``), ``geom`` its geometry where it has several. User
    and password may also come from the URL, from PGUSER and PGPASSWORD or from ~/.pgpass; no message repeats them.

    Raises
    ------
    InputError
        No answer; no such table; no geometry column; a table without rows.
    """
    url, table, geometry = _parted(source, concept)
    with _connected(url, public_url(source)) as connection:
        schema, name = _found_table(connection, table, source, concept)
        column, srid, kind = _geometry_column(connection, schema, name, geometry, source)
        place = f"{public_url(url)}:{schema}.{name}" if schema != "public" else f"{public_url(url)}:{name}"
        crs = _crs(connection, srid)
        fields, rows = _rows(connection, (schema, name, column), where, _box(near, crs, srid, place), place)
    if not rows:
        raise InputError(place, got="a table without rows" + (f" where {where}" if where else ""),
                         want="at least one feature", then=f"check {concept or 'the source'} in the scene")
    shapes = shapely.from_wkb([None if row[0] is None else bytes(row[0]) for row in rows])
    columns = {field: _column([row[k + 1] for row in rows]) for k, field in enumerate(fields)}
    notes = (f"{place}: its geometry column {column} has no SRID",) if not srid else ()
    return Layer(name=place, crs=crs, shapes=np.asarray(shapes), columns=columns,
                 fids=np.arange(len(rows), dtype=np.int64), notes=notes if kind else ())


def _parted(source: str, concept: str) -> tuple[str, str, str]:
    """Cut our keys out of a URL: what the database's library gets, the table, the geometry column."""
    parts = urlsplit(source)
    keys = dict(parse_qsl(parts.query, keep_blank_values=True))
    table, geometry = (keys.pop(key, "") for key in _OURS)
    if not table:
        raise InputError(public_url(source), got="a database and no table", want="?table=NAME at its end",
                         then=f'write {concept or "the source"} = "{public_url(source)}?table=parcels"')
    return urlunsplit(parts._replace(query=urlencode(keys))), table, geometry


@contextmanager
def _connected(url: str, shown: str) -> Iterator[Any]:
    import psycopg

    try:
        connection = psycopg.connect(url, connect_timeout=_WAIT_S)
        connection.read_only = True
    except (psycopg.Error, ValueError) as problem:
        raise InputError(shown, got=f"no connection ({_said(problem, url)})", want="a PostgreSQL server that answers",
                         then="check host, port, user and password (PGPASSWORD or ~/.pgpass)") from None
    try:
        with connection:
            yield connection
    except psycopg.Error as problem:
        raise InputError(shown, got=f"a database that answers: {_said(problem, url)}",
                         want="a table that can be read") from None
    finally:
        connection.close()


def _said(problem: Exception, url: str) -> str:
    """First words of a database's message, without the password should it be repeated there."""
    secret = urlsplit(url).password or ""
    text = " ".join(str(problem).split())
    text = re.sub(r"password=\S+", "password=…", text.replace(secret, "…") if secret else text)
    return text.removeprefix("connection failed: ")[:200]


def _found_table(connection: Any, table: str, source: str, concept: str) -> tuple[str, str]:
    schema, _, name = table.rpartition(".")
    found = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relname = %s AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND "
        "(n.nspname = %s OR (%s = '' AND n.nspname = ANY(current_schemas(false))))", (name, schema, schema)).fetchone()
    if found:
        return str(found[0]), str(found[1])
    if not connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'postgis'").fetchone():
        raise InputError(public_url(source), got="a database without PostGIS", want="the extension PostGIS",
                         then="run CREATE EXTENSION postgis in it")
    rows = connection.execute("SELECT f_table_schema, f_table_name FROM geometry_columns ORDER BY 1, 2").fetchall()
    have = ", ".join(dict.fromkeys(n if s == "public" else f"{s}.{n}" for s, n in rows)) or "none"
    raise InputError(public_url(source), got=f'no table "{table}"', want=f"one of its tables with geometry: {have}",
                     then=f"check {concept or 'the source'} in the scene")


def _geometry_column(connection: Any, schema: str, name: str, wanted: str, source: str) -> tuple[str, int, str]:
    rows = connection.execute(
        "SELECT f_geometry_column, srid, type FROM geometry_columns WHERE f_table_schema = %s AND f_table_name = %s "
        "ORDER BY f_geometry_column", (schema, name)).fetchall()
    chosen = [row for row in rows if not wanted or row[0] == wanted]
    if len(chosen) != 1:
        have = ", ".join(str(row[0]) for row in rows) or "none"
        got = f"{len(rows)} geometry columns" if not wanted else f'no geometry column "{wanted}"'
        raise InputError(f"{public_url(source)}", got=got, want=f"one of: {have}",
                         then="name it in the URL: &geom=NAME" if rows else "choose a table with geometry")
    return str(chosen[0][0]), int(chosen[0][1]), str(chosen[0][2])


def _crs(connection: Any, srid: int) -> str:
    """Name of a spatial reference: the authority's code, else its WKT."""
    row = connection.execute("SELECT auth_name, auth_srid, srtext FROM spatial_ref_sys WHERE srid = %s",
                             (srid,)).fetchone()
    if not row:
        return ""
    return f"{row[0]}:{row[1]}" if row[0] and row[1] else str(row[2] or "")


def _box(near: tuple[Frame, Bounds] | None, crs: str, srid: int, place: str) -> tuple[float, ...] | None:
    if near is None or not crs:
        return None
    frame, bounds = near
    return (*frame.bounds_in(bounds, crs, where=place), float(srid))


def _rows(
    connection: Any, place: tuple[str, str, str], where: str, box: tuple[float, ...] | None, shown: str
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Geometry and every other column of the rows wanted, fetched in batches."""
    from psycopg import errors, sql

    schema, name, geometry = place
    fields = [str(row[0]) for row in connection.execute(
        "SELECT a.attname FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped "
        "AND a.atttypid NOT IN (SELECT oid FROM pg_type WHERE typname IN ('geometry', 'geography', 'raster', 'bytea')) "
        "ORDER BY a.attnum", (f'"{schema}"."{name}"',)).fetchall()]
    conditions, values = [], []
    if box:
        conditions.append(sql.SQL("{} && ST_MakeEnvelope(%s, %s, %s, %s, %s)").format(sql.Identifier(geometry)))
        values += [*box[:4], int(box[4])]
    if where:
        conditions.append(sql.SQL("(" + where.replace("%", "%%") + ")"))     # type: ignore[arg-type]  # the user's own
    query = sql.SQL("SELECT ST_AsBinary({}), {} FROM {}.{}").format(
        sql.Identifier(geometry), sql.SQL(", ").join(map(sql.Identifier, fields)) if fields else sql.SQL("NULL"),
        sql.Identifier(schema), sql.Identifier(name))
    if conditions:
        query = query + sql.SQL(" WHERE ") + sql.SQL(" AND ").join(conditions)
    rows: list[tuple[Any, ...]] = []
    with connection.cursor(name="zonebox") as cursor:
        try:
            cursor.execute(query, values or None if not where else values)
        except (errors.SyntaxError, errors.UndefinedColumn, errors.UndefinedFunction) as problem:
            raise InputError(shown, got=f'plan.where = "{where}", which is no condition on its fields '
                             f"({str(problem).splitlines()[0]})", want=f"SQL on {', '.join(fields)}") from None
        while batch := cursor.fetchmany(_BATCH):
            rows += batch
    return fields, rows


def _column(cells: list[Any]) -> NDArray[Any]:
    """Numbers as floats with NaN for null, days as days, anything else as it is."""
    import datetime as dt
    import decimal

    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, (int, float, decimal.Decimal)) and not isinstance(cell, bool) for cell in known):
        if len(known) == len(cells) and all(isinstance(cell, int) for cell in cells):
            return np.array(cells, dtype=np.int64)
        return np.array([np.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)
    if known and all(isinstance(cell, dt.date) for cell in known):
        return np.array([None if cell is None else cell.isoformat()[:10] for cell in cells], dtype="datetime64[D]")
    return texts([cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells])
