"""The parser runs in a child: what a file does to it is one sentence, and no building gets silently smaller."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox_converters.ifc import Placement, contents, isolation, kernel, parsing, read
from zonebox_converters.ifc.facts import Facts
from zonebox_converters.ifc.header import opened
from zonebox_converters.ifc.kernel import Shapes

House = Callable[..., Path]
PLACE = Placement(easting=84975, northing=447519, elevation=1)

POISON = """
import json, os, sys, time
sys.path[:] = json.loads(sys.argv[1])
from zonebox_converters.ifc import parsing, worker
def poisoned(path, name):
    {deed}
parsing.parse = poisoned
worker.main()
"""


def take(path: Path, **options: float) -> tuple[Facts, Shapes]:
    with opened(path) as file:
        return contents.take(file, lambda said: None, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("deed", "got"), [
    ("os.abort()", "a file on which the parser crashes"),
    ("time.sleep(600)", "a file that the parser is not done with after 3 s"),
    ("while True: pass", "a file that the parser is not done with after 3 s"),
    ("bytearray(1 << 40)", "a file that needs more than 4,096 MB to be read"),
    ("raise RecursionError('too deep')", "entities that contradict the schema (RecursionError: too deep)"),
])
def test_a_parser_that_dies_is_one_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch, deed: str, got: str
) -> None:
    path = house()
    monkeypatch.setattr(isolation, "BOOT", POISON.format(deed=deed))
    with pytest.raises(InputError) as caught:
        take(path, limit_s=3.0)
    assert str(caught.value).startswith(f"house.ifc: got {got}, want ")
    assert "\n" not in str(caught.value)


def test_a_parser_that_eats_memory_is_stopped(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slowly, as a library does that does not ask for it all at once."""
    path = house()
    monkeypatch.setattr(kernel, "MEMORY_MB", 300)
    monkeypatch.setattr(isolation, "BOOT", POISON.format(deed="x = []\n    while True: x.append(bytes(1 << 20))"))
    with pytest.raises(InputError, match="a file that needs more than 300 MB to be read"):
        take(path, limit_s=60.0)


def test_nothing_is_left_running(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[isolation.Child] = []

    class Watched(isolation.Child):
        def __init__(self, *given: object, **more: object) -> None:
            super().__init__(*given, **more)  # type: ignore[arg-type]
            children.append(self)

    monkeypatch.setattr(contents, "Child", Watched)
    path = house()

    def refuse(said: object) -> None:
        raise InputError("house.ifc", got="a", want="b")

    with opened(path) as file, pytest.raises(InputError):
        contents.take(file, refuse)
    assert [child.process.poll() is not None for child in children] == [True]


def test_statements_are_counted_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.ifc"
    path.write_bytes(b"DATA;\r\n" + b"".join(b"#%d= IFCWALL('x; #%d=');\r\n" % (k, k) for k in range(1, 1000)))
    for block in (7, 64, 1000, 1 << 20):
        monkeypatch.setattr(parsing, "_BLOCK", block)
        assert parsing.declared(path) == 999


def _taken(path: Path) -> tuple[Facts, Shapes] | str:
    try:
        return take(path)
    except InputError as error:
        return str(error)


def _measure(facts: Facts, shapes: Shapes) -> tuple[int, int]:
    return len(facts.parts), len(shapes.arrays["product"])


def test_a_file_cut_off_anywhere_is_noticed(house: House, tmp_path: Path, rd: Frame) -> None:
    """With and without an end mark put behind the cut, as a careful sender might."""
    whole = house().read_bytes()
    rng = random.Random(6)
    for at in sorted(rng.sample(range(len(whole) - 20), 40)):
        path = tmp_path / "cut.ifc"
        path.write_bytes(whole[:at])
        with pytest.raises(InputError):
            read(path, rd, id="h", placement=PLACE)
    starts = [found.start() for found in re.finditer(rb"\n#\d+=", whole)]
    for at in starts[len(starts) // 2::len(starts) // 12]:
        path.write_bytes(whole[:at] + b"\nENDSEC;\nEND-ISO-10303-21;\n")
        with pytest.raises(InputError):
            read(path, rd, id="h", placement=PLACE)


def test_flipped_bytes_never_lose_an_element_silently(house: House, tmp_path: Path) -> None:
    """What still reads has every product, with a shape or with a reason; the rest is refused in one sentence."""
    source = house()
    whole = source.read_bytes()
    expected = _measure(*take(source))
    rng = random.Random(7)
    start = whole.index(b"DATA;")
    refused = 0
    for _ in range(24):
        damaged = bytearray(whole)
        damaged[rng.randrange(start, len(whole) - 30)] = rng.randrange(33, 127)
        path = tmp_path / "flipped.ifc"
        path.write_bytes(damaged)
        got = _taken(path)
        if isinstance(got, str):
            refused += 1
            assert "\n" not in got
            assert got.startswith("flipped.ifc")
            continue
        facts, shapes = got
        said = len(facts.notes) + len(shapes.failures)
        assert _measure(facts, shapes) == expected or said, damaged
    assert 3 < refused < 24


@pytest.mark.parametrize(("old", "new", "got"), [
    (b"IFCWALL(", b"IFCWOLL(", "references to entities that are missing (8: "),
    (b"IFCCARTESIANPOINT((", b"IFC?ARTESIANPOINT((", 'characters that belong to no IFC statement ("IFC?ARTESIAN'),
])
def test_damaged_names_are_refused(house: House, old: bytes, new: bytes, got: str) -> None:
    path = house()
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(InputError) as caught:
        take(path)
    assert f"house.ifc: got {got}" in str(caught.value)


def test_a_number_used_twice_is_refused(house: House) -> None:
    path = house()
    text = path.read_text()
    wall = next(line for line in text.splitlines() if "=IFCWALL(" in line)
    other = next(line for line in text.splitlines() if "=IFCSLAB(" in line)
    path.write_text(text.replace(wall, other.split("=", 1)[0] + "=" + wall.split("=", 1)[1]))
    with pytest.raises(InputError, match=r"missing|skips"):
        take(path)


def test_kinds_that_the_schema_lacks_are_said(house: House) -> None:
    path = house()
    extra = "#99999=IFCHOLOGRAM('x',$);\nENDSEC;\nEND-ISO"
    path.write_text(path.read_text().replace("ENDSEC;\nEND-ISO", extra))
    facts, _ = take(path)
    assert "1 values or statements of kinds that the schema lacks are left out: IFCHOLOGRAM" in facts.notes


def test_processes_share_what_one_parsed(house: House) -> None:
    """The same shapes and facts, whoever made them; properties read apart are the same as read with the facts."""
    path = house()
    (alone, one), (helped, two) = take(path, workers=1), take(path, workers=3)
    assert alone == helped
    assert np.array_equal(one.arrays["product"], two.arrays["product"])
    assert np.array_equal(one.arrays["matrix"], two.arrays["matrix"])
    assert any(part.properties for part in alone.parts) == any(part.properties for part in helped.parts)


def test_many_products_have_their_properties_read_apart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where a helper dies over its share, everything is read again."""
    path = house()
    text = path.read_text()
    wall = next(line for line in text.splitlines() if "=IFCWALL(" in line).split("=", 1)[0]
    extra = ("#90001=IFCPROPERTYSINGLEVALUE('LoadBearing',$,IFCBOOLEAN(.T.),$);\n"
             "#90002=IFCPROPERTYSET('1hqIFTRjfV6AWq_bMtnZwI',$,'Pset_WallCommon',$,(#90001));\n"
             f"#90003=IFCRELDEFINESBYPROPERTIES('0hqIFTRjfV6AWq_bMtnZwI',$,$,$,({wall}),#90002);\nENDSEC;\nEND-ISO")
    path.write_text(text.replace("ENDSEC;\nEND-ISO", extra))
    plain, _ = take(path)
    assert [dict(p.properties) for p in plain.parts if p.properties] == [{"Pset_WallCommon.LoadBearing": "True"}]
    apart = """
import json, os, sys
sys.path[:] = json.loads(sys.argv[1])
from zonebox_converters.ifc import dealing, properties, worker
dealing.APART = 1
own, read = os.getpid(), properties.Sets.of
def of(self, thing):
    if {dies} and os.getpid() != own:
        os.abort()
    return read(self, thing)
properties.Sets.of = of
worker.main()
"""
    for dies in (False, True):
        monkeypatch.setattr(isolation, "BOOT", apart.format(dies=dies))
        facts, shapes = take(path)
        assert facts == plain
        assert len(shapes.arrays["product"]) == 13


@pytest.mark.data
def test_properties_read_apart_are_the_same(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the library's own reading of property sets, types included."""
    import ifcopenshell
    from ifcopenshell.util.element import get_psets

    from zonebox_converters.ifc.facts import extract
    from zonebox_converters.ifc.properties import Sets, text_of

    path = shared_data / "ifc" / "Duplex_A_20110907_georeferenced.ifc"
    model = ifcopenshell.open(str(path))
    sets = Sets(model)
    for part in extract(model, "duplex", properties=False).parts:
        thing = model.by_id(part.number)
        wanted = {f"{name}.{key}": text_of(value) for name, values in get_psets(thing).items()
                  for key, value in values.items() if key != "id" and value is not None}
        assert {name: text for name, text in sets.of(thing).items() if name != "Material"} == wanted
        assert part.properties == {}
