"""The program of a helper: builds the chunks it is sent until there are no more. See `sharing`."""

from __future__ import annotations

import sys

from zonebox.pipes import receive, send
from zonebox_converters.envelopes.bulk import gathered


def main() -> None:
    """Serve chunks; whatever else is printed goes to stderr, because answers go to stdout."""
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    send(answers, "ready")
    while True:
        try:
            chunk = receive(given)
        except EOFError:
            return
        send(answers, gathered(chunk))


if __name__ == "__main__":
    main()
