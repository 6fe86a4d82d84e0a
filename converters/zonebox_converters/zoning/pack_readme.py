"""The documentation of rule packs, made from the code that reads them.

Run ``python -m zonebox_converters.zoning.pack_readme`` after a change.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from zonebox_converters.zoning.kinds import BOUNDS, KEYS, kind_of
from zonebox_converters.zoning.pictures import picture
from zonebox_converters.zoning.rules import read_pack
from zonebox_converters.zoning.shipped import FOLDER, pack_names

EXAMPLES: Final = FOLDER / "kinds" / "kinds.toml"

_EVERY: Final = (
    ("`id`, `title`, `clause`, `note`, `source`", "what it is called, and which words of the document say so"),
    ("`kind`", "what it limits, see below"),
    ("`severity`", "`mandatory` 规定性 or `guidance` 引导性"),
    ("`applies`", ("`land_use` (by first digits), `parcels`, `except_parcels`, `zone` (type or name of typed zones of "
                  "the plan: the rule holds on the part of a parcel inside)")),
    ("`edges`", ("`role`, `index` (from 0, counter-clockwise), `sector_deg` (true bearings of the outward normal, "
                "`[315, 45]` is north), `stem = false` (leave out the stem of a flag lot)")),
    ("`corner`", "`parallel`, `radial` or `mitre`"),
    ("`datum`", "`design_ground`, `average`, `lowest`, `highest`, `curb`, `boundary_ground`, `terrain_following`"),
    ("`valid_from`, `valid_to`", ("first day, and the day it ended; rules with an end are applied only where a day is "
                                 "stated")),
    ("`level`, `mode`", ("`zone`, `overlay` or `parcel`; `replace`, `min` or `max` against rules of the same kind on "
                        "lower levels, else the stricter governs")),
    ("`overrides`", ("ids of rules it replaces wherever it holds (or `height`, `far` … of the parcel table); they "
                    "stay, listed as superseded")),
)

_HEAD: Final = """\
# Rule packs

A rule pack is a TOML file: controls as data, each with document, clause and version. A scene names files and shipped
packs alike: `rules = ["rules.toml", "pack:de.mbo.example"]`. Every shipped pack has `status = "example"`: a person has
to confirm clause and number before it may be called official.

This page is made by `python -m zonebox_converters.zoning.pack_readme`.

## Every rule

| key | says |
|---|---|
"""

_UNITS: Final = """
Lengths stand in the unit of the pack: `units = "m"`, or `units = "ft"` with keys such as `distance_ft`. Places are
`[E, N, H]` in the scene's CRS and datum. Intervals are (lower, upper] unless `closed = "left"`.

## Which floor area counts

`[area_rule]` of a pack holds for every floor area ratio, of the parcel table too, that does not say so itself: edition
of the area rules, storeys that count more than once for their height (floor((h - clear) / base) + 1 times from
base + clear on), words of names or uses that do not count, and the decimals to which a ratio is rounded.
`plan.area_rule` of a scene names another edition. Findings name the rule that was used.

```toml
[area_rule]
area_rule = "GB 55031-2022"    # or "GB/T 50353-2013"
storey_multiplier = [
  { use = ["dwelling", "住宅", "0701"], base_m = 2.7 },
  { use = ["shop", "商业", "0901"], base_m = 3.9 },
]
exempt = ["架空", "避难"]
decimals = 2
```

## Kinds

"""


def documents() -> dict[Path, str]:
    """Make every generated file: path -> text."""
    rules = {rule.id: rule for rule in read_pack(EXAMPLES).rules}
    blocks = _blocks(EXAMPLES.read_text(encoding="utf-8"))
    made = {FOLDER / "kinds" / f"{word}.svg": picture(rules[word]) for word in KEYS}
    rows = ["| kind | | |", "|---|---|---|"]
    rows += [f"| `{word}` | {blocks[word][0]}<br>keys: {_keys(word)} | ![{word}](kinds/{word}.svg) |" for word in KEYS]
    every = [f"| {key} | {says} |\n" for key, says in _EVERY]
    text = [_HEAD, *every, _UNITS, "\n".join(rows), "\n\nRed is forbidden, blue is left.\n\n## One rule of each kind\n"]
    text += [f"\n```toml\n{blocks[word][1]}\n```\n" for word in KEYS]
    text += ["\n## Packs\n\n| pack | document | holds |\n|---|---|---|\n", *map(_pack_row, pack_names())]
    made[FOLDER / "README.md"] = "".join(text)
    return made


def _keys(word: str) -> str:
    own = [f"`{key}`" for key in KEYS[word] if key not in {"edges", "corner", "datum"}]
    unit = f" ({BOUNDS[kind_of(word)][1]})" if kind_of(word) in BOUNDS else ""
    return ", ".join(own) + unit


def _blocks(text: str) -> dict[str, tuple[str, str]]:
    """Cut the examples into rules: id -> title and TOML."""
    found = {}
    for block in re.split(r"(?m)^(?=\[\[rule\]\])", text)[1:]:
        rule = tomllib.loads(block)["rule"][0]
        lines = [line for line in block.strip().splitlines() if not line.startswith("title")]
        found[rule["id"]] = (rule["title"], "\n".join(lines))
    return found


def _pack_row(name: str) -> str:
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    pack, rules, groups = data["pack"], data.get("rule", []), data.get("parameters", {})
    holds = [rule["title"] for rule in rules] + [f"parameters `{group}`" for group in groups]
    document = pack["document"] + (f", {pack['version']}" if pack["version"] else "")
    return f"| [`{name}`]({name}.toml) | {document}<br>{pack['source']} | {'; '.join(holds)} |\n"


def main() -> None:
    """Write the generated files."""
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
