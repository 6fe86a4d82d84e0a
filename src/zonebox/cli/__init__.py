"""The command line: one file per verb, no geometry here.

stdout carries data, stderr progress and messages. Exit 0: done or compliant; 1: not compliant; 2: bad usage or input.
"""

from __future__ import annotations

import importlib
import sys
from typing import Final

import click

from zonebox import __version__

VERBS: Final = ("run", "check", "tiles", "view", "report", "envelopes", "info", "new")


class Verbs(click.Group):
    """Loads a verb's module only when it is called or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order of a first visit."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a verb."""
        del ctx
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"zonebox.cli.{cmd_name}").command
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="zonebox")
def group() -> None:
    """Turn zoning indicators into 3D control envelopes, check designs against them, export 3D Tiles.

    Example: zonebox run scenes/riverside_block
    """


def main() -> None:
    """Entry point: bad input is one sentence on stderr and exit 2, never a stack trace."""
    from zonebox.errors import ZoneboxError

    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        code = group.main(prog_name="zonebox", standalone_mode=False)
    except ZoneboxError as error:
        click.echo(f"zonebox: {error}", err=True)
        code = 2
    except click.ClickException as error:
        error.show()
        code = 2
    except (KeyboardInterrupt, click.Abort):
        from zonebox.words import default_language, word

        click.echo(f"\nzonebox: {word('interrupted', default_language())}", err=True)
        code = 130
    sys.exit(code if isinstance(code, int) else 0)
