"""What a person sees in the terminal: bars, what was understood, the table of checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from zonebox.model import Finding, Report, Scene, State
from zonebox.pipeline import RunResult
from zonebox.report.facts import cure_words
from zonebox.stopwatch import Lap
from zonebox.words import Language, word

STYLES: Final = {State.PASS: "green", State.MARGINAL: "yellow", State.FAIL: "bold red", State.NOT_CHECKED: "dim"}
RATIOS: Final = ("far", "coverage", "green")
NAMED_MOST: Final = 6
"""Parcels that a note lists."""


class Bars:
    """Draws a progress bar per step on stderr; a line per finished step where stderr is no terminal."""

    def __init__(self, *, lang: Language, quiet: bool) -> None:
        self.lang, self.quiet = lang, quiet
        self.console = Console(stderr=True, quiet=quiet)
        columns = (TextColumn("{task.description:<12}"), BarColumn(28), TextColumn("{task.percentage:>3.0f} %"),
                   TimeElapsedColumn(), TextColumn("{task.fields[rate]:>10}"),
                   TimeRemainingColumn(compact=True))
        self.progress = Progress(*columns, console=self.console, disable=quiet or not self.console.is_terminal)
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start drawing."""
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop drawing and leave the terminal clean."""
        self.progress.stop()

    def started(self, name: str) -> None:
        """Show a new bar, moving until its length is known."""
        self.tasks[name] = self.progress.add_task(word(f"step.{name}", self.lang), total=None, rate="")

    def advanced(self, name: str, done: int, total: int) -> None:
        """Move a bar."""
        task = self.tasks[name]
        self.progress.update(task, completed=done, total=max(total, 1))
        speed = next((t.speed for t in self.progress.tasks if t.id == task), None)
        self.progress.update(task, rate=f"{speed:,.0f}/s" if speed else "")

    def ended(self, name: str, seconds: float) -> None:
        """Fill a bar."""
        del seconds
        self.progress.update(self.tasks[name], total=1, completed=1)


def show_understood(scene: Scene, lang: Language, console: Console) -> None:
    """Print what was read and how it was understood."""
    frame, plan = scene.frame, scene.plan
    table = Table(title=word("understood.title", lang), title_justify="left", show_header=False, box=None,
                  padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def row(name: str, said: str) -> None:
        table.add_row(name, escape(said))

    row(word("understood.crs", lang), f"{frame.horizontal} {frame.horizontal_label}")
    row(word("understood.vertical", lang), f"{frame.vertical} {frame.vertical_label}")
    shift = frame.height_shift((0.0, 0.0))
    row(word("understood.shift", lang), f"{shift.shift_m:+.3f} m ({shift.source})")
    row(word("understood.units", lang), word("understood.metres", lang))
    buildable = sum(p.buildable for p in plan.parcels)
    row(word("understood.parcels", lang),
            word("understood.counts", lang).format(len(plan.parcels), buildable, len(plan.controls)))
    row(word("understood.fields", lang), ", ".join(f"{a} = {b}" for a, b in plan.understood))
    roles = Counter(edge.role for p in plan.parcels for edge in p.edges)
    row(word("understood.roles", lang),
            ", ".join(f"{word(f'role.{role.value}', lang)} {n}" for role, n in sorted(roles.items())))
    if scene.terrain is not None:
        ground = scene.terrain
        row(word("understood.terrain", lang), word("understood.tin", lang).format(
            ground.ground_points, len(ground.mesh), ground.max_error_m, ground.rms_error_m))
    for design in scene.designs:
        placed = next((g.text for g in design.georeference if g.used), "")
        row(word("understood.designs", lang), word("understood.design", lang).format(
            design.id, len(design.elements), len(design.storeys), placed))
    if scene.context:
        row(word("understood.context", lang), word("understood.buildings", lang).format(len(scene.context)))
    console.print(table)
    for note in notes(scene):
        _note(note, lang, console)
    show_groundless(scene, lang, console)


def show_groundless(scene: Scene, lang: Language, console: Console) -> None:
    """Say which parcels have no envelope: what is missing in a picture or a file is not seen there."""
    missing = scene.groundless
    if missing:
        named = ", ".join(missing[:NAMED_MOST]) + (" …" if len(missing) > NAMED_MOST else "")
        buildable = sum(parcel.buildable for parcel in scene.plan.parcels)
        _note(word("understood.groundless", lang).format(len(missing), buildable, named), lang, console)


def _note(text: str, lang: Language, console: Console) -> None:
    console.print(f"[yellow]{word('understood.note', lang)}[/]  {escape(text)}", highlight=False)


def notes(scene: Scene) -> list[str]:
    """Everything that was odd, repaired or assumed while reading."""
    rows = list(scene.plan.notes)
    rows += [f"{p.id}: {note}" for p in scene.plan.parcels for note in p.notes]
    rows += scene.terrain.notes if scene.terrain else ()
    rows += scene.graded.notes if scene.graded else ()
    rows += [note for building in scene.context[:1] for note in building.notes]
    for design in scene.designs:
        rows += [f"{design.id}: {g.text}" for g in design.georeference if not g.used]
        rows += [f"{design.id}: {note}" for note in design.notes]
    rows += [f"{e.parcel}: {note}" for e in scene.envelopes for note in e.notes]
    return rows


def show_report(report: Report, lang: Language, console: Console) -> None:
    """Print the table parcel × control -> limit, value, margin, verdict."""
    table = Table(title=word("table.title", lang), title_justify="left", header_style="bold")
    for key in ("parcel", "design", "control"):
        table.add_column(word(key, lang), overflow="fold")
    for key in ("limit", "value", "margin"):
        table.add_column(word(key, lang), justify="right", no_wrap=True)
    table.add_column(word("verdict", lang), no_wrap=True)
    table.add_column(word("remark", lang), overflow="fold", ratio=1)
    for f in sorted(report.findings, key=lambda f: (f.parcel, f.design, f.id)):
        table.add_row(
            escape(f.parcel), escape(f.design), _control(f, lang), _number(f, f.limit), _number(f, f.value),
            _number(f, f.margin, signed=True), f"[{STYLES[f.state]}]{word(f.state.value, lang)}[/]",
            escape(_remark(f, lang)),
        )
    console.print(table)
    console.print("   ".join(f"[{STYLES[s]}]{word(s.value, lang)} {n}[/]" for s, n in report.summary.items()))


def _control(finding: Finding, lang: Language) -> str:
    name = word(f"check.{finding.check}", lang)
    clause = finding.control.authority.clause if finding.control else ""
    edge = f", {word('edge', lang)} {finding.where.edge}" if finding.where.edge is not None else ""
    return f"{name}{edge}" + (f" [dim]({escape(clause)})[/]" if clause else "")


def _number(finding: Finding, value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if finding.check in RATIOS:
        return f"{value:{sign}.2f}" if finding.check == "far" else f"{value:{sign}.1%}"
    return f"{value:{sign}.2f} {finding.unit}".rstrip()


def _remark(finding: Finding, lang: Language) -> str:
    cure = finding.cure
    if cure is None:
        return finding.said(lang) if finding.state is not State.PASS else ""
    if lang == "zh":
        return cure_words(finding, lang)
    return f"{cure.action.replace('_', ' ')} {cure.amount:g} {cure.unit}"


def show_outputs(result: RunResult, lang: Language, console: Console) -> None:
    """Print where everything is, and what could not be made."""
    console.print(f"[bold]{word('outputs', lang)}[/]")
    for key, path in result.outputs.items():
        console.print(f"  {word(f'out.{key}', lang):<12} {escape(str(path))}", highlight=False, soft_wrap=True)
    for key, said in result.delivered.items():
        console.print(f"  {word(f'out.{key}', lang):<12} {escape(said)}", highlight=False, soft_wrap=True)
    for remark in result.remarks:
        console.print(f"[yellow]{escape(remark)}[/]", highlight=False)


def show_laps(laps: Iterable[Lap], console: Console) -> None:
    """Print time and peak memory of each step."""
    table = Table(box=None, header_style="bold")
    for name in ("step", "seconds", "peak MB"):
        table.add_column(name, justify="left" if name == "step" else "right")
    for lap in laps:
        table.add_row(lap.name, f"{lap.seconds:.2f}", f"{lap.peak_mb:.0f}")
    console.print(table)
