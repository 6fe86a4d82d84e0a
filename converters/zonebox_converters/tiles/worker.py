"""The program of a worker: performs the jobs it is sent until there are no more. See `workers`."""

from __future__ import annotations

import sys

from zonebox.pipes import receive, send
from zonebox_converters.tiles.jobs import perform


def main() -> None:
    """Serve jobs; whatever else is printed goes to stderr, because answers go to stdout."""
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while True:
        try:
            job = receive(given)
        except EOFError:
            return
        try:
            send(answers, (None, perform(job)))
        except Exception as error:  # noqa: BLE001 - raised again by the process that asked
            send(answers, (error, None))


if __name__ == "__main__":
    main()
