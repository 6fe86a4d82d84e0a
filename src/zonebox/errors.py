"""The few errors zonebox raises on purpose.

Each message is one sentence that says where, what was found, what is wanted and what to do next. Non-compliance of
a design is never an error: it is a `zonebox.model.Finding`.
"""

from __future__ import annotations

import re


class ZoneboxError(Exception):
    """Root of every error that zonebox raises on purpose; the command line turns it into one sentence and exit 2."""


class InputError(ZoneboxError, ValueError):
    """A file, field or value that cannot be used as it is.

    Parameters
    ----------
    where : str
        File and place in it, e.g. ``parcels.gpkg#layer/fid=3/far``.
    got : str
        What was found.
    want : str
        What is needed.
    then : str
        What to do next.
    """

    def __init__(self, where: object, *, got: str, want: str, then: str = "") -> None:
        self.where, self.got, self.want, self.then = str(where), got, want, then
        super().__init__(f"{where}: got {got}, want {want}" + (f"; {then}" if then else ""))

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by fields, so that the error crosses from a worker process unharmed."""
        return (_rebuild_input_error, (type(self), self.where, self.got, self.want, self.then))


def _rebuild_input_error(kind: type[InputError], where: str, got: str, want: str, then: str) -> InputError:
    return kind(where, got=got, want=want, then=then)


class FrameError(InputError):
    """A coordinate reference system, vertical datum or grid that is missing, unknown or contradictory."""


class GeometryError(ZoneboxError, ValueError):
    """A shape on which an operation has no answer."""


class OutputExistsError(ZoneboxError, FileExistsError):
    """Something that zonebox did not write stands where the output should go."""


class RenderError(ZoneboxError, RuntimeError):
    """The machine cannot draw: no OpenGL driver, or the driver failed."""


def public_url(url: str) -> str:
    """Write the URL of a database as messages and records may show it: without password, user or settings.

    >>> public_url("postgresql://me:secret@host:5432/city?table=lots&password=x")
    'postgresql://host:5432/city'
    """
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{re.split(r'[?#]', rest.rpartition('@')[2])[0]}" if mark else url
