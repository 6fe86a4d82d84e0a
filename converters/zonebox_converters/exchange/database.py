"""Envelopes and findings as tables of a PostgreSQL database with PostGIS."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
import shapely
from numpy.typing import NDArray

from zonebox import __version__
from zonebox.errors import InputError, OutputExistsError, public_url
from zonebox.model import Finding, Report, Scene
from zonebox_converters.exchange.sheets import COLUMNS, footprint, place_text, table_rows

ENVELOPES: Final = "zonebox_envelopes"
FINDINGS: Final = "zonebox_findings"
SIGNATURE: Final = "zonebox"
"""The comment on every table written here begins with this word: only such a table is written over."""

_WAIT_S: Final = 10
_TEXT: Final = ("parcel", "empty", "binding")
_FINDING: Final = ("id", "check_id", "state", "parcel", "design", "control", "value", "limit_value", "margin",
                   "tolerance", "unit", "storey", "reason", "authority", "clause", "source", "cure", "cure_amount",
                   "cure_unit")
_NUMBERS: Final = ("value", "limit_value", "margin", "tolerance", "cure_amount")
_TIN, _TRIANGLE = 1016, 1017
"""Codes of a TIN and a triangle with heights in ISO well-known binary."""


def is_database(target: str) -> bool:
    """Tell whether a target is the URL of a database.

    >>> is_database("postgresql://host/city"), is_database("envelopes.ifc")
    (True, False)
    """
    return target.partition("://")[0].casefold() in {"postgresql", "postgres"}


def write_database(scene: Scene, report: Report, url: str, *, force: bool = False) -> str:
    """Write `ENVELOPES` and `FINDINGS` in one transaction, in the place of those of an earlier run.

    Envelopes carry their footprint (MultiPolygon) and solid (TIN, heights in the scene's datum), findings the point
    of their worst place, all in the scene's CRS; rows carry the scene's name, and those of other scenes stay.

    Returns
    -------
    str
        What was written where, without user and password.

    Raises
    ------
    InputError
        No answer; no PostGIS; a CRS that the database does not know.
    OutputExistsError
        A table of that name that zonebox did not write.
    """
    import psycopg

    shown = public_url(url)
    try:
        with psycopg.connect(url, connect_timeout=_WAIT_S) as connection:
            srid = _srid(connection, scene, shown)
            boxes, said = list(_envelopes(scene)), list(_findings(scene, report.findings))
            about = f"{SIGNATURE} {__version__}: {place_text(scene, origin=False)}"
            _put(connection, ENVELOPES, _envelope_columns(srid), scene.name, boxes, about, force=force)
            _put(connection, FINDINGS, _finding_columns(srid), scene.name, said, about, force=force)
    except (psycopg.Error, ValueError) as problem:
        if isinstance(problem, (InputError, OutputExistsError)):
            raise
        raise _refused(shown, problem, url) from None
    return f"{shown}: {len(boxes)} envelopes in {ENVELOPES}, {len(said)} findings in {FINDINGS}"


def check_database(url: str) -> None:
    """Find out whether a database can be written to, before the work is done.

    Raises
    ------
    InputError
        No answer, or no PostGIS.
    """
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=_WAIT_S) as connection:
            _need_postgis(connection, public_url(url))
    except (psycopg.Error, ValueError) as problem:
        if isinstance(problem, InputError):
            raise
        raise _refused(public_url(url), problem, url) from None


def _refused(shown: str, problem: Exception, url: str) -> InputError:
    return InputError(shown, got=f"no database that can be written to ({_said(problem, url)})",
                      want="a PostgreSQL server with PostGIS",
                      then="check host, port, user and password (PGPASSWORD or ~/.pgpass)")


def _said(problem: Exception, url: str) -> str:
    """First words of a database's message, without the password should it be repeated there."""
    text, secret = " ".join(str(problem).split()), urlsplit(url).password or ""
    return re.sub(r"password=\S+", "password=…", text.replace(secret, "…") if secret else text)[:200]


def _srid(connection: Any, scene: Scene, shown: str) -> int:
    """Find the number by which the database knows the scene's horizontal CRS."""
    _need_postgis(connection, shown)
    name, _, code = scene.frame.horizontal.partition(":")
    row = connection.execute("SELECT srid FROM spatial_ref_sys WHERE auth_name = %s AND auth_srid::text = %s",
                             (name, code)).fetchone()
    if row is None:
        raise InputError(shown, got=f"a database that does not know {scene.frame.horizontal_label}",
                         want="a row for it in spatial_ref_sys", then="add it, or write a GeoPackage")
    return int(row[0])


def _need_postgis(connection: Any, shown: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'postgis'").fetchone():
        raise InputError(shown, got="a database without PostGIS", want="the extension PostGIS",
                         then="run CREATE EXTENSION postgis in it")


def _envelope_columns(srid: int) -> dict[str, str]:
    kinds = {name: "text" if name in _TEXT else "double precision" for name in COLUMNS}
    return {**kinds, "footprint": f"geometry(MultiPolygon, {srid})", "solid": f"geometry(TINZ, {srid})"}


def _finding_columns(srid: int) -> dict[str, str]:
    return {**{name: "double precision" if name in _NUMBERS else "text" for name in _FINDING},
            "place": f"geometry(PointZ, {srid})"}


def _envelopes(scene: Scene) -> Iterable[tuple[Any, ...]]:
    for row in table_rows(scene):
        envelope = scene.envelope(str(row["parcel"]))
        shape = None if envelope is None else footprint(envelope)
        plan = None if shape is None or shape.is_empty else shapely.to_wkb(shapely.transform(shape, scene.frame.world))
        solid = None if envelope is None or not len(envelope.solid) else tin_wkb(
            scene.frame.world(envelope.solid.corners))
        yield (*(row[name] for name in COLUMNS), plan, solid)


def _findings(scene: Scene, findings: Iterable[Finding]) -> Iterable[tuple[Any, ...]]:
    for f in findings:
        control, authority, point = f.control, f.control.authority if f.control else None, f.where.point
        place = None if point is None else shapely.to_wkb(shapely.Point(scene.frame.world([point])[0]))
        yield (f.id, f.check, str(f.state), f.parcel, f.design, control.id if control else "", f.value, f.limit,
               f.margin, f.tolerance, f.unit, f.where.storey, f.reason, authority.doc if authority else "",
               authority.clause if authority else "", control.source if control else "",
               f.cure.action if f.cure else "", f.cure.amount if f.cure else None, f.cure.unit if f.cure else "", place)


def tin_wkb(corners: NDArray[np.float64]) -> bytes:
    """Triangles (n, 3, 3) as a TIN in ISO well-known binary."""
    record = np.dtype([("order", "u1"), ("type", "<u4"), ("rings", "<u4"), ("points", "<u4"), ("xyz", "<f8", (4, 3))])
    rows = np.zeros(len(corners), dtype=record)
    rows["order"], rows["type"], rows["rings"], rows["points"] = 1, _TRIANGLE, 1, 4
    rows["xyz"] = corners[:, [0, 1, 2, 0]]
    return struct.pack("<BII", 1, _TIN, len(corners)) + rows.tobytes()


def _put(
    connection: Any, table: str, columns: dict[str, str], scene: str, rows: Sequence[tuple[Any, ...]], about: str, *,
    force: bool,
) -> None:
    """Bring a table to its columns and give it the rows of a scene, in the place of the scene's earlier ones."""
    from psycopg import sql

    name = sql.Identifier(table)
    kinds = {"scene": "text", **columns}
    comment = connection.execute("SELECT obj_description(to_regclass(%s), 'pg_class'), to_regclass(%s)",
                                 (table, table)).fetchone()
    if comment[1] is not None:
        if not str(comment[0] or "").startswith(SIGNATURE) and not force:
            raise OutputExistsError(f"table {table}: got a table that zonebox did not write, want a free name; rename "
                                    "it, or overwrite with --force")
        have = connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass(%s) AND "
            "attnum > 0 AND NOT attisdropped ORDER BY attnum", (table,)).fetchall()
        if [(n, _spelled(k)) for n, k in have] != [(n, _spelled(k)) for n, k in kinds.items()]:
            connection.execute(sql.SQL("DROP TABLE {}").format(name))       # another version, or another CRS
    made = sql.SQL(", ").join(sql.SQL("{} " + kind).format(sql.Identifier(n)) for n, kind in kinds.items())
    connection.execute(sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(name, made))
    connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(name, sql.Literal(about)))
    connection.execute(sql.SQL("DELETE FROM {} WHERE scene = %s").format(name), (scene,))
    spots = sql.SQL(", ").join(
        sql.SQL("ST_SetSRID(ST_GeomFromWKB(%s), {})").format(sql.Literal(_number(kind))) if "geometry" in kind
        else sql.SQL("%s") for kind in kinds.values())
    insert = sql.SQL("INSERT INTO {} VALUES ({})").format(name, spots)
    with connection.cursor() as cursor:
        cursor.executemany(insert, [(scene, *row) for row in rows])


def _spelled(kind: str) -> str:
    """Spell a column's type without blanks and case, which PostGIS changes."""
    return re.sub(r"\s", "", kind).casefold()


def _number(kind: str) -> int:
    return int(re.findall(r"\d+", kind)[-1])
