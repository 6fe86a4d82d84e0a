"""What the page looks like: a list on the left, the picture, and the selection with its what-if on the right."""

from __future__ import annotations

from typing import Any, Final

from zonebox.studio.pagetools import BCF_FILE

WALK_M: Final = 2.0
TURN_DEG: Final = 12.0
"""One step and one turn of who walks."""

STYLE: Final = """
.zb-state { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .5em; }
.zb-line { display: flex; gap: .75em; padding: 2px 0; font-size: .85rem; line-height: 1.3; }
.zb-line > :first-child { flex: 0 0 7.5em; color: #5a6570; }
.zb-line > :last-child { overflow-wrap: anywhere; }
.zb-ids { max-height: 7em; overflow: auto; font: .75rem monospace; }
.v-list-item--active { outline: 2px solid #165494; outline-offset: -2px; }
.zb-choice { position: relative; top: 3px; max-width: 13em; margin-right: 8px; }
@media (max-width: 1479px) {
  .zb-line { flex-wrap: wrap; }
  .zb-choice { max-width: 9em; }
  #totals { display: none; }
}
:focus-visible { outline: 3px solid #165494 !important; outline-offset: 1px; }
"""

NARROW: Final = "$vuetify.display.width < 1480"
"""Where the lists leave the picture less than half of the page, they are narrower."""

MORE: Final = [("data_layer", "data-layer"), ("data_finding", "data-finding"), ("data_state", "data-state"),
               ("data_slider", "data-slider"), ("data_number", "data-number"), ("data_move", "data-move"),
               ("data_mover", "data-mover"), ("data_view", "data-view"), ("data_note", "data-note"),
               ("label_for", "for"), ("aria_label", "aria-label"), ("tabindex", "tabindex")]
"""Attributes that the widgets do not know by themselves."""


def build(server: Any, window: Any) -> Any:
    """Lay the page out and return the view that shows the render window."""
    from trame.ui.vuetify3 import VAppLayout
    from trame.widgets import client, html, vtk
    from trame.widgets import vuetify3 as v3

    with VAppLayout(server) as page:
        page.root.theme = "light"
        client.Style(STYLE)
        client.ClientStateChange(value="lang", trigger_on_create=True,
                                 change="utils.get('document.documentElement').lang = lang === 'zh' ? 'zh-CN' : lang")
        _bar(v3, html)
        with v3.VNavigationDrawer(width=(f"{NARROW} ? 230 : 340",), permanent=True):
            _lists(v3, html)
        with v3.VNavigationDrawer(width=(f"{NARROW} ? 280 : 400",), permanent=True, location="right"):
            _selection(v3, html)
            _what_if(v3, html)
            _tools(v3, html)
            _places(v3, html)
            _notes(v3, html)
        with v3.VMain(), html.Div(style="position: relative; height: calc(100vh - 48px);", id="picture"):
            view = vtk.VtkRemoteView(window, ref="picture_view", interactive_ratio=0.6, interactive_quality=60,
                                     still_quality=92)
        v3.VSnackbar("{{ message }}", model_value=("message !== ''",), timeout=-1, location="bottom",
                     id="message", click="message = ''")
    return view


def _bar(v3: Any, html: Any) -> None:
    with v3.VAppBar(density="compact", flat=True, border=True):
        v3.VAppBarTitle("{{ title }}")
        html.Span("{{ totals }}", classes="text-caption mr-4", id="totals")
        v3.VSelect(items=("views",), label=("t.view",), density="compact", hide_details=True, variant="outlined",
                   classes="zb-choice", model_value=("'overview'",), id="views",
                   update_modelValue="trigger('go', [$event])")
        v3.VSelect(items=("variants",), label=("t.variant",), density="compact", hide_details=True, variant="outlined",
                   classes="zb-choice", model_value=("variant",), id="variants",
                   update_modelValue="trigger('switch', [$event])")
        v3.VSelect(items=("besides",), label=("t.compare",), density="compact", hide_details=True, variant="outlined",
                   classes="zb-choice", model_value=("beside",), id="beside",
                   update_modelValue="trigger('tool', ['beside', $event])")
        v3.VBtn("{{ t.language }}", id="language", click="trigger('speak', [])", variant="text")


def _lists(v3: Any, html: Any) -> None:
    with html.Form(submit="trigger('choose', [search]); $event.preventDefault()", classes="pa-2"):
        v3.VTextField(v_model=("search",), label=("t.search",), density="compact", hide_details=True, id="search",
                      variant="outlined", append_inner_icon="mdi-magnify", list="parcel-numbers", __properties=["list"])
    with html.Datalist(id="parcel-numbers"):
        html.Option(v_for="number in parcels", key="number", value=("number",))
    with html.Div(classes="px-3"):
        html.Div("{{ t.layers }}", classes="text-overline")
        with html.Label(v_for="layer in layers", key="layer.name", style="display: block; font-size: .9rem"):
            html.Input(type="checkbox", checked=("layer.shown",), change="trigger('layer', [layer.name])",
                       classes="mr-2", data_layer=("layer.name",), __properties=MORE)
            html.Span("{{ layer.title }}")
    with html.Div(classes="px-3 pt-2"):
        html.Span("{{ t.findings }}", classes="text-overline mr-3")
        html.Span("✕ {{ counts.FAIL }}  ! {{ counts.MARGINAL }}  ? {{ counts.NOT_CHECKED }}  ✓ {{ counts.PASS }}",
                  classes="text-caption", id="counts")
    html.Div("{{ t.findings_none }}", v_if="rows.length === 0", classes="px-3 text-body-2")
    with v3.VList(density="compact", id="findings"), v3.VListItem(
            v_for="row in rows", key="row.id", active=("row.id === selected",), data_finding=("row.id",),
            data_state=("row.kind",), click="trigger('select', [row.id])", tabindex="0", __properties=MORE):
        with html.Div(style="font-size: .85rem; line-height: 1.25; white-space: normal"):
            html.Span(classes="zb-state", style=("'background:' + row.color",))
            html.Span("{{ row.title }}")
        html.Div("{{ row.state }} · {{ row.text }}", style="font-size: .8rem; color: #5a6570; white-space: normal")


def _selection(v3: Any, html: Any) -> None:
    with html.Div(classes="pa-3", id="selection"):
        html.Div("{{ t.nothing }}", v_if="!finding && !parcel", classes="text-body-2")
        with html.Div(v_if="finding", id="finding", data_state=("finding.kind",), __properties=MORE):
            with html.Div(classes="text-subtitle-2 mb-1"):
                html.Span(classes="zb-state", style=("'background:' + finding.color",))
                html.Span("{{ finding.title }} — {{ finding.state }}")
            with html.Div(v_for="line in finding.lines", key="line.name", classes="zb-line"):
                html.Span("{{ line.name }}")
                html.Span("{{ line.text }}")
            with html.Div(v_if="finding.elements.length"):
                html.Div("{{ t.elements }} ({{ finding.elements.length }})", classes="text-caption mt-1")
                with html.Div(classes="zb-ids"):
                    html.Div("{{ id }}", v_for="id in finding.elements", key="id")
        with html.Div(v_if="parcel", id="parcel", classes="mt-3"):
            html.Div("{{ t.parcel }} {{ parcel.id }}", classes="text-subtitle-2")
            for group in ("lines", "indicators"):
                with html.Div(v_for=f"(line, n) in parcel.{group}", key=f"'{group}' + n", classes="zb-line"):
                    html.Span("{{ line.name }}")
                    html.Span("{{ line.text }} {{ line.clause }}")
            with html.Div(v_if="parcel.far", id="far", classes="mt-1"):
                html.Div("{{ t.far }}: {{ parcel.far.used === null ? '–' : parcel.far.used.toFixed(2) }} / "
                         "{{ parcel.far.allowed.toFixed(2) }}", classes="text-caption")
                v3.VProgressLinear(model_value=("parcel.far.share || 0",), height="10", bg_color="#c8d0d6",
                                   color=("parcel.far.share > 100 ? '#d61024' : '#00866e'",))
            html.Div("{{ t.binding }}", classes="text-caption mt-2")
            with html.Div(v_for="(one, n) in parcel.binding", key="'b' + n", classes="zb-line"):
                html.Span("{{ one.where }}")
                html.Span("{{ one.text }} {{ one.control }} {{ one.clause }}")


def _live(event: str, subject: str, named: str = "") -> dict[str, str]:
    """Write the events of a slider: it is answered while it is drawn, each time the answer before has come.

    ``event`` is triggered with ``subject`` and the number, and what else is ``named``. All that one draw changes is one
    step to undo. What an answer does to the slider meanwhile (``value``) does not count: the hand does.
    """
    def ask(value: str, more: str) -> str:
        return f"trigger('{event}', [{subject}, Number({value})], {{{named}continued: !!e.zbDrawn{more}}})"

    again = ("if (e.zbDrawn && e.zbValue !== sent) { e.value = e.zbValue; "
             "e.dispatchEvent(new e.ownerDocument.defaultView.Event('input')) }")
    return {
        "input": "const e = $event.target; e.zbValue = e.value; if (!e.zbBusy) { e.zbBusy = true; "
                 f"const sent = e.value; {ask('sent', ', held: true')}.finally(() => {{ e.zbBusy = false; {again} }}); "
                 "e.zbDrawn = true }",
        "change": "const e = $event.target; e.value = e.zbDrawn ? e.zbValue : e.value; "
                  f"{ask('e.value', '')}; e.zbDrawn = false",
    }


def _what_if(v3: Any, html: Any) -> None:
    number: dict[str, Any] = {"type": "number", "style": "width: 6.5em; border: 1px solid #9aa5af; padding: 1px 4px"}
    slider: dict[str, Any] = {"type": "range", "style": "flex: 1 1 auto; min-width: 0", "__events": ["input"]}
    change = "trigger('number', [s.id, Number($event.target.value)], {setback: s.setback})"
    move = "trigger('move', [name, Number($event.target.value)])"
    with html.Div(classes="pa-3", id="what-if", style="border-top: 1px solid #c4cbd1"):
        html.Div("{{ t.what_if }}", classes="text-overline")
        html.Div("{{ t.shared }}", classes="text-caption mb-1", id="shared")
        html.Div("{{ t.pick_parcel }}", v_if="!sliders.length", classes="text-body-2")
        with html.Div(v_for="s in sliders", key="s.id", classes="zb-line", style="align-items: center"):
            html.Label("{{ s.label }}", style="flex: 0 0 11em", label_for=("'n-' + s.id",), __properties=MORE)
            html.Input(min=("s.min",), max=("s.max",), step=("s.step",), value=("s.value",), aria_label=("s.label",),
                       data_slider=("s.id",), __properties=MORE, **slider,
                       **_live("number", "s.id", "setback: s.setback, "))
            html.Input(id=("'n-' + s.id",), value=("s.value",), step=("s.step",), data_number=("s.id",),
                       change=change, __properties=MORE, **number)
        with html.Div(v_if="designs.length", classes="mt-2"):
            v3.VSelect(items=("designs",), model_value=("design",), label=("t.design",), density="compact",
                       hide_details=True, variant="outlined", id="design",
                       update_modelValue="trigger('design', [$event])")
            with html.Div(v_for="(track, name) in tracks", key="name", classes="zb-line", style="align-items: center"):
                html.Label("{{ t[name] }}", style="flex: 0 0 11em", label_for=("'m-' + name",), __properties=MORE)
                html.Input(min=("Math.min(track.low, moved[name])",), max=("Math.max(track.high, moved[name])",),
                           step=("track.step",), value=("moved[name]",), aria_label=("t[name]",),
                           data_mover=("name",), __properties=MORE, **slider, **_live("move", "name"))
                html.Input(id=("'m-' + name",), value=("moved[name]",), data_move=("name",), step=("track.step",),
                           change=move, __properties=MORE, **number)
        html.Div("{{ note }}", v_for="note in notes", key="note", classes="text-caption")
        with html.Div(classes="mt-2", style="display: flex; flex-wrap: wrap; gap: 6px"):
            for name, active in (("undo", "!can_undo"), ("redo", "!can_redo"), ("export", "!can_undo")):
                v3.VBtn(f"{{{{ t.{name} }}}}", id=name, size="small", variant="outlined", disabled=(active,),
                        click=f"trigger('{name}', [])")
        with html.Form(submit="trigger('keep', [keep_name]); $event.preventDefault()", classes="mt-2",
                       style="display: flex; gap: 6px; align-items: center"):
            v3.VTextField(v_model=("keep_name",), label=("t.name",), density="compact", hide_details=True,
                          variant="outlined", id="keep-name")
            v3.VBtn("{{ t.keep }}", id="keep", size="small", variant="outlined", click="trigger('keep', [keep_name])")


def _tools(v3: Any, html: Any) -> None:
    cut = "trigger('cut', [cut_direction, cut_offset, cut_storey])"
    sun = "trigger('sun', [month, day, hour])"
    with html.Div(classes="pa-3", id="tools", style="border-top: 1px solid #c4cbd1"):
        html.Div("{{ t.tools }}", classes="text-overline")
        v3.VSwitch(v_model=("measuring",), label=("t.measure",), density="compact", hide_details=True, color="primary",
                   id="measuring", update_modelValue="$event || trigger('clear', [])")
        v3.VBtn("{{ t.mark_middle }}", v_if="measuring", id="mark-middle", size="small", variant="outlined",
                classes="mb-2", click="trigger('tool', ['mark'])")      # measuring without a mouse
        v3.VSelect(items=("directions",), v_model=("cut_direction",), label=("t.section",), density="compact",
                   hide_details=True, variant="outlined", classes="mb-1",
                   update_modelValue=f"cut_direction = $event; {cut}")
        html.Input(type="range", v_model_number=("cut_offset",), min=("-reach",), max=("reach",), step="0.5",
                   v_if="cut_direction", change=cut, style="width: 100%", aria_label=("t.offset",), __properties=MORE)
        v3.VSelect(items=("storeys",), item_title="title", item_value="id", v_model=("cut_storey",),
                   label=("t.clip_storey",), density="compact", hide_details=True, variant="outlined", classes="mb-1",
                   id="storeys", update_modelValue=f"cut_storey = $event; {cut}")
        html.Div("{{ t.sun }} {{ sun_text }}", classes="text-caption")
        for name, low, high, step in (("month", 1, 12, 1), ("day", 1, 31, 1), ("hour", 4, 20, 0.25)):
            with html.Div(classes="zb-line"):
                html.Label(f"{{{{ t.{name} }}}}", style="flex: 0 0 11em", label_for=f"sun-{name}", __properties=MORE)
                html.Input(type="range", id=f"sun-{name}", min=low, max=high, step=step, value=(name,),
                           style="flex: 1 1 auto; min-width: 0",
                           change=f"{name} = Number($event.target.value); {sun}")
                html.Span(f"{{{{ {name} }}}}")


def _places(v3: Any, html: Any) -> None:
    """Write walking, kept views and the colours of the ground."""
    with html.Div(classes="pa-3", id="places", style="border-top: 1px solid #c4cbd1"):
        html.Div("{{ t.view }}", classes="text-overline")
        with html.Div(style="display: flex; flex-wrap: wrap; gap: 6px"):
            v3.VBtn("{{ t.walk }}", id="walk", size="small", variant="outlined", active=("walking",),
                    click="trigger('tool', ['walk'])")
            for name, sign, step, turn in (("forward", "↑", WALK_M, 0.0), ("back", "↓", -WALK_M, 0.0),
                                           ("turn_left", "↶", 0.0, -TURN_DEG), ("turn_right", "↷", 0.0, TURN_DEG)):
                v3.VBtn(sign, id=name.replace("_", "-"), size="small", variant="outlined", disabled=("!walking",),
                        title=(f"t.{name}",), aria_label=(f"t.{name}",), __properties=MORE,
                        click=f"trigger('tool', ['walk', {step}, {turn}])")
        keep = "trigger('tool', ['save_view', view_name]); view_name = ''"
        with html.Form(submit=f"{keep}; $event.preventDefault()",
                       classes="mt-2", style="display: flex; gap: 6px; align-items: center"):
            v3.VTextField(v_model=("view_name",), label=("t.name",), density="compact", hide_details=True,
                          variant="outlined", id="view-name")
            v3.VBtn("{{ t.save_view }}", id="save-view", size="small", variant="outlined", click=keep)
        with html.Div(style="display: flex; flex-wrap: wrap; gap: 6px", classes="mt-1"):
            v3.VBtn("{{ name }}", v_for="name in saved", key="name", size="small", variant="tonal",
                    data_view=("name",), click="trigger('tool', ['recall', name])", __properties=MORE)
        with html.Label(style="display: block; font-size: .9rem", classes="mt-2"):
            html.Input(type="checkbox", checked=("by_height",), change="trigger('tool', ['by_height'])",
                       classes="mr-2", id="by-height")
            html.Span("{{ t.by_height }}")


def _notes(v3: Any, html: Any) -> None:
    """Write the notes, a form for another, and their download."""
    note = "trigger('tool', ['note', note_text, note_author, note_picked && clicked]); note_text = ''"
    with html.Div(classes="pa-3", id="notes", style="border-top: 1px solid #c4cbd1"):
        html.Div("{{ t.notes }}", classes="text-overline")
        with html.Div(v_for="remark in remarks", key="remark.id", classes="zb-line", data_note=("remark.id",),
                      __properties=MORE):
            html.Span("{{ remark.author }} {{ remark.parcel }}")
            html.Span("{{ remark.text }}")
        with html.Form(submit=f"{note}; $event.preventDefault()"):
            v3.VTextField(v_model=("note_author",), label=("t.author",), density="compact", hide_details=True,
                          variant="outlined", id="note-author", classes="mb-1")
            v3.VTextField(v_model=("note_text",), label=("t.note_text",), density="compact", hide_details=True,
                          variant="outlined", id="note-text", classes="mb-1")
            with html.Label(style="display: block; font-size: .9rem"):
                html.Input(type="checkbox", v_model=("note_picked",), disabled=("!clicked",), classes="mr-2",
                           id="note-picked")
                html.Span("{{ t.note_picked }}")
            html.Input(type="submit", style="display: none")            # by which Enter sends a form of two fields
            v3.VBtn("{{ t.note_here }}", id="note", size="small", variant="outlined", click=note, classes="mr-2")
            v3.VBtn("{{ t.export_bcf }}", id="bcf", size="small", variant="outlined",
                    click=f"utils.download('{BCF_FILE}', trigger('bcf', []), 'application/octet-stream')")
