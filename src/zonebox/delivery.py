"""What a scene asks for under ``[outputs]``: findings and envelopes in a database, envelopes in further formats."""

from __future__ import annotations

from pathlib import Path

from zonebox.errors import InputError
from zonebox.model import Report, Scene
from zonebox.scenefile import OutputsPart


def check_targets(wanted: OutputsPart, folder: Path, *, force: bool) -> None:
    """Find out whether all of it can be written, before the work is done.

    Raises
    ------
    InputError
        An ending that is no format; a database that does not answer or has no PostGIS.
    OutputExistsError
        A file that zonebox did not write is there.
    """
    from zonebox_converters import exchange

    if wanted.database:
        if not exchange.is_database(wanted.database):
            raise InputError("outputs.database", got=f'"{wanted.database}"', want="postgresql://user@host/database")
        exchange.check_database(wanted.database)
    for name in wanted.envelopes:
        exchange.check_target(folder / name, force=force)


def deliver(wanted: OutputsPart, scene: Scene, report: Report, folder: Path, *, force: bool) -> dict[str, str]:
    """Write it; what was written where, by the word of the scene file."""
    from zonebox_converters import exchange

    files = [exchange.write(scene, folder / name, force=force) for name in wanted.envelopes]
    found = {"envelopes": ", ".join(map(str, files))} if files else {}
    if wanted.database:
        found["database"] = exchange.write_database(scene, report, wanted.database, force=force)
    return found
