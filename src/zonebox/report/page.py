"""Report -> `report.html`: one file that needs nothing else, on screen and on paper."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from zonebox.files import write_bytes
from zonebox.geometry.tin import TinIndex
from zonebox.model import Authority, Finding, Parcel, Report, Scene, State
from zonebox.report.facts import Facts, broken, facts_of, quantity
from zonebox.report.planview import plan_picture
from zonebox.report.provenance import statements
from zonebox.report.section import section_picture
from zonebox.report.tables import Indicator, control_words, indicators
from zonebox.words import Language, word

NO_PICTURES: Final[Mapping[str, bytes]] = {}
ELEMENTS_MOST: Final = 24
"""GlobalIds written out for a finding; the rest are counted here and listed in the other outputs."""

CARDS_MOST: Final = 500
"""So many findings, the worst, have a card with plan and section; a page of a whole city would open nowhere."""

IDLE_MOST: Final = 1000
"""So many parcels without a design are listed with their controls; the workbook and the map layers have all."""

FULL: Final = 1.2
"""A utilisation bar ends here; the mark at 1 is the limit."""

_WIDTHS: Final = (23, 9, 11, 10, 11, 11, 13, 12)
COLUMNS: Final = "<colgroup>" + "".join(f'<col style="width:{w}%">' for w in _WIDTHS) + "</colgroup>"
"""Widths of the indicator tables' columns, the same for every parcel."""

SMALL: Final = 5e-4
"""A tolerance below this only absorbs rounding and is not worth a reader's time."""

PAGE: Final = Template("""<!DOCTYPE html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<h1>$title</h1>
<p class="soft">$place</p>
$summary
$findings
$parcels
$provenance
</body>
</html>
""")

FINDING: Final = Template("""<article class="finding $state_code" id="$uuid">
<header><h3>$title</h3><span class="badge">$state</span></header>
<p class="measure">$measure</p>
$cure<dl>
$rows</dl>
<div class="pictures">
$pictures</div>
</article>
""")


def write_page(
    scene: Scene, report: Report, path: Path, *, lang: Language = "en", pictures: Mapping[str, bytes] = NO_PICTURES
) -> Path:
    """Write `report.html`; the same report gives the same bytes.

    Parameters
    ----------
    pictures : mapping
        Finding id -> PNG of the place in space; without one a finding has its plan and its section.
    """
    return write_bytes(path, page(scene, report, lang, pictures).encode())


def page(scene: Scene, report: Report, lang: Language, pictures: Mapping[str, bytes] = NO_PICTURES) -> str:
    """Return the whole page."""
    name = ((scene.title_zh if lang == "zh" else "") or scene.title or scene.name)
    frame = scene.frame
    return PAGE.substitute(
        lang="zh-CN" if lang == "zh" else "en", title=escape(f"{name} — {word('report.heading', lang)}"),
        style=resources.files("zonebox.report").joinpath("page.css").read_text(encoding="utf-8"),
        place=escape(f"{frame.horizontal} {frame.horizontal_label} · {frame.vertical} {frame.vertical_label}"),
        summary=_summary(scene, report, lang), findings=_findings(scene, report, lang, pictures),
        parcels=_parcels(scene, report, lang), provenance=_provenance(scene, lang),
    )


def _summary(scene: Scene, report: Report, lang: Language) -> str:
    """Show counts by state, and every failing or marginal finding in one line that leads to it."""
    total, failed = len(report.findings), report.summary[State.FAIL]
    sentence = (word("report.broken", lang).format(failed, total) if failed
                else word("report.none_broken", lang).format(total))
    counts = "".join(
        f'<div class="count {state.value}"><b>{count}</b>{escape(word(state.value, lang))}</div>'
        for state, count in report.summary.items())
    rows = ""
    for finding in broken(report)[:CARDS_MOST]:
        facts = facts_of(scene, finding, lang)
        rows += (f'<tr><td>{_badge(finding.state, lang)}</td><td><a href="#{facts.uuid}">{escape(facts.title)}</a></td>'
                 f'<td class="number">{escape(facts.limit)}</td><td class="number">{escape(facts.value)}</td>'
                 f'<td class="number">{escape(facts.margin)}</td><td>{escape(facts.cure)}</td></tr>\n')
    heads = [("report.state", ""), ("control", ""), ("limit", "number"), ("value", "number"), ("margin", "number"),
             ("report.cure", "")]
    table = f'<table class="list"><thead>{_heads(heads, lang)}</thead><tbody>\n{rows}</tbody></table>' if rows else ""
    notes = [word("report.signs", lang)]
    if any(c.authority.status == "example" for c in scene.plan.controls):
        notes.append(word("report.example", lang))
    if (over := len(broken(report)) - CARDS_MOST) > 0:
        notes.append(word("report.findings_more", lang).format(CARDS_MOST, over))
    remarks = "".join(map(_soft, notes))
    return (f'<section class="summary"><h2>{escape(word("report.summary", lang))}</h2><p>{escape(sentence)}</p>'
            f'<div class="counts">{counts}</div>{table}{remarks}</section>')


def _findings(scene: Scene, report: Report, lang: Language, pictures: Mapping[str, bytes]) -> str:
    terrain = None if scene.terrain is None else scene.terrain.index
    cards = [_finding(scene, finding, lang, pictures.get(finding.id), terrain)
             for finding in broken(report)[:CARDS_MOST]]
    if not cards:
        return ""
    return f'<section class="findings"><h2>{escape(word("report.findings", lang))}</h2>\n{"".join(cards)}</section>'


def _finding(scene: Scene, finding: Finding, lang: Language, picture: bytes | None, terrain: TinIndex | None) -> str:
    facts = facts_of(scene, finding, lang)
    heading = escape(word("report.cure", lang))
    cure = f'<p class="cure"><b>{heading}</b> — {escape(facts.cure)}</p>\n' if facts.cure else ""
    rows = "".join(f"<dt>{escape(name)}</dt><dd{style}>{escape(text)}</dd>\n"
                   for name, text, style in _particulars(facts, lang) if text)
    return FINDING.substitute(
        state_code=finding.state.value, uuid=facts.uuid, title=escape(facts.title), state=escape(facts.state),
        measure=_measure(facts, lang), cure=cure, rows=rows, pictures=_pictures(scene, finding, lang, picture, terrain))


def _measure(facts: Facts, lang: Language) -> str:
    parts = [(word("value", lang), facts.value), (word("limit", lang), facts.limit)]
    said = " · ".join(f"{escape(name)} {escape(text)}" for name, text in parts)
    tolerance = f' <span class="soft">({escape(word("report.tolerance", lang))} {escape(facts.tolerance)})</span>'
    end = tolerance if (facts.finding.tolerance or 0.0) >= SMALL else ""
    return f"{said} · {escape(word('margin', lang))} <b>{escape(facts.margin)}</b>{end}"


def _particulars(facts: Facts, lang: Language) -> list[tuple[str, str, str]]:
    """List what a reviewer asks, as (name, text, attributes of the cell)."""
    f, mono = facts.finding, ' class="mono"'
    place = "" if facts.place is None else "{:.3f}, {:.3f}, {:.3f}".format(*facts.place)
    elements = " ".join(f.elements[:ELEMENTS_MOST])
    if len(f.elements) > ELEMENTS_MOST:
        elements += " " + word("report.elements_more", lang).format(len(f.elements) - ELEMENTS_MOST)
    said = "" if f.control is None else _authority(f.control.authority)
    return [
        (word("report.clause", lang), said, ""), (word("report.severity", lang), facts.severity, ""),
        (word("report.datum", lang), facts.datum, ""), (word("report.place", lang), place, ""),
        (word("report.edge", lang), facts.edge, ""), (word("report.storey", lang), f.where.storey, ""),
        (word("report.uncertainty", lang), "" if f.uncertainty is None else f"± {quantity(f, f.uncertainty)}", ""),
        (word("report.reason", lang), f.said(lang), ""), (word("report.elements", lang), elements, mono),
        (word("report.source", lang), "" if f.control is None else f.control.source, mono),
        (word("report.id", lang), f.id, mono),
    ]


def _authority(authority: Authority) -> str:
    known = (authority.doc, authority.clause, authority.version, authority.status)
    return ", ".join(text for text in known if text)


def _pictures(
    scene: Scene, finding: Finding, lang: Language, picture: bytes | None, terrain: TinIndex | None
) -> str:
    """Plan, section and, where there is one, the picture in space."""
    drawn = [plan_picture(scene, finding, lang), section_picture(scene, finding, lang, terrain)]
    figures = "".join(f"<figure>{svg}</figure>\n" for svg in drawn if svg)
    if picture is not None:
        data = base64.b64encode(picture).decode()
        label = escape(f"{word('report.space_picture', lang)}: {finding.id}")
        figures += f'<figure class="wide"><img alt="{label}" src="data:image/png;base64,{data}"></figure>\n'
    return figures


def _parcels(scene: Scene, report: Report, lang: Language) -> str:
    """One table of indicators a parcel: allowed, used, margin, and a bar of how much of it is used."""
    tables = []
    shown, over = _worth_showing(scene, report)
    for parcel, group in itertools.groupby(indicators(scene, report, shown, lang), key=lambda row: row.parcel):
        about = " · ".join(t for t in (parcel.land_use, parcel.land_use_name, f"{parcel.area_m2:,.0f} m²") if t)
        rows = "".join(_indicator(item, lang) for item in group)
        heads = [("control", ""), ("report.clause", ""), ("design", ""), ("report.allowed", "number"),
                 ("report.used", "number"), ("margin", "number"), ("report.utilisation", ""), ("report.state", "")]
        tables.append(f'<div class="parcel"><h3>{escape(parcel.id)} <span class="soft">{escape(about)}</span></h3>'
                      f"<table>{COLUMNS}<thead>{_heads(heads, lang)}</thead><tbody>\n{rows}</tbody></table></div>\n")
    more = _soft(word("report.parcels_more", lang).format(over)) if over else ""
    return (f'<section class="parcels"><h2>{escape(word("report.indicators", lang))}</h2>\n'
            f'{"".join(tables)}{more}</section>')


def _worth_showing(scene: Scene, report: Report) -> tuple[list[Parcel], int]:
    """Parcels whose indicators the page lists, in plan order: all with findings, some without; and how many not."""
    idle = itertools.count()
    shown = [p for p in scene.plan.parcels if report.of(p.id) or next(idle) < IDLE_MOST]
    return shown, len(scene.plan.parcels) - len(shown)


def _soft(text: str) -> str:
    return f'<p class="soft">{escape(text)}</p>'


def _indicator(item: Indicator, lang: Language) -> str:
    finding, facts = item.finding, item.facts
    name = control_words(item.control, finding, lang) + (f", {facts.edge}" if facts is not None and facts.edge else "")
    clause = item.control.authority.clause if item.control is not None else ""
    cells = f"<td>{escape(name)}</td><td>{escape(clause)}</td>"
    if finding is None or facts is None:
        return (f'<tr>{cells}<td class="soft">{escape(word("report.no_design", lang))}</td>'
                f'<td class="number">{escape(item.allowed)}</td><td></td><td></td><td></td><td></td></tr>\n')
    return (f'<tr>{cells}<td>{escape(finding.design)}</td><td class="number">{escape(facts.limit)}</td>'
            f'<td class="number">{escape(facts.value)}</td><td class="number">{escape(facts.margin)}</td>'
            f"<td>{_bar(item)}</td><td>{_badge(finding.state, lang)}{_why_not(finding, lang)}</td></tr>\n")


def _why_not(finding: Finding, lang: Language) -> str:
    said = escape(finding.said(lang))
    return f'<br><span class="soft">{said}</span>' if finding.state is State.NOT_CHECKED else ""


def _bar(item: Indicator) -> str:
    share = item.share
    if share is None or item.finding is None:
        return ""
    wide = min(max(share, 0.0), FULL) / FULL
    return (f'<span class="used"><span class="bar {item.finding.state.value}" title="{share:.0%}">'
            f'<i style="width:{wide:.1%}"></i><u></u></span>'
            f'<span class="soft">{share:.0%}</span></span>')


def _provenance(scene: Scene, lang: Language) -> str:
    rows = "".join(f'<tr><th>{escape(name)}</th><td class="mono">{escape(value)}</td></tr>\n'
                   for name, value in statements(scene, lang))
    return (f'<section class="provenance"><h2>{escape(word("report.provenance", lang))}</h2>'
            f"<table>\n{rows}</table></section>")


def _badge(state: State, lang: Language) -> str:
    return f'<span class="badge {state.value}">{escape(word(state.value, lang))}</span>'


def _heads(heads: Iterable[tuple[str, str]], lang: Language) -> str:
    cells = "".join(f'<th class="{style}">{escape(word(key, lang))}</th>' if style
                    else f"<th>{escape(word(key, lang))}</th>" for key, style in heads)
    return f"<tr>{cells}</tr>"
