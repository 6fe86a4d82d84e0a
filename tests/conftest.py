"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

REPOSITORY = Path(__file__).resolve().parent.parent


def _shared_folder() -> Path | None:
    """The shared test data: ZONEBOX_DATA, else the folder `shared/data` beside the checkout."""
    stated = os.environ.get("ZONEBOX_DATA")
    folder = Path(stated) if stated else REPOSITORY.parent / "shared" / "data"
    return folder.resolve() if folder.is_dir() else None


def pytest_configure(config: pytest.Config) -> None:
    """Let scenes and child processes find the shared data; draw the same examples on every machine, fast or slow."""
    settings.register_profile("zonebox", deadline=None, derandomize=True,
                              suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("zonebox")
    folder = _shared_folder()
    if folder is not None:
        os.environ.setdefault("ZONEBOX_DATA", str(folder))


def unavailable(what: str, remedy: str) -> None:
    """Skip on a user's machine, fail in continuous integration: there nothing may be missing."""
    message = f"{what}: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def processor_seconds() -> float:
    """Processor time of this process and of its finished children: what a busy machine does not stretch."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real test data that is not part of the repository."""
    folder = _shared_folder()
    if folder is None:
        unavailable("no shared test data", "set ZONEBOX_DATA to its folder")
    assert folder is not None
    return folder


@pytest.fixture
def database() -> Iterator[tuple[str, psycopg.Connection]]:
    """URL of a PostGIS database with a schema of the test's own before all others, and a connection to it."""
    url = os.environ.get("ZONEBOX_POSTGRES", "")
    if not url:
        unavailable("no PostgreSQL with PostGIS", "install both and start one with "
                    "export ZONEBOX_POSTGRES=$(.ci/postgres), as .ci/run does")
    schema = f"test_{uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET search_path TO {}, public").format(sql.Identifier(schema)))
        yield f"{url}?options=-csearch_path%3D{schema},public", connection
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
