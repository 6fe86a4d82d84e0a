"""Measure reading IFC against the bare iterator of ifcopenshell: `python tests/bench/bench_ifc.py [--big MB] [FILE…]`.

Both get two threads or processes and the opencascade kernel, on the same file, one after the other; ratios below 1 mean
that zonebox is the faster one. zonebox is timed to the end: facts, property sets, shapes, the closed solid and the mesh
for display; the bare iterator only makes shapes. Peak memory is that of all processes together, shared pages once,
against the file's size.
Nothing is kept: the cache is off but for ``--rerun``, and a generated file lies in a temporary folder.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

BARE = """
import resource, sys, time
import ifcopenshell, ifcopenshell.geom
start = time.perf_counter()
model = ifcopenshell.open(sys.argv[1])
settings = ifcopenshell.geom.settings()
hidden = [c for c in ("IfcOpeningElement",) if model.by_type(c)]
iterator = ifcopenshell.geom.iterator(settings, model, 2, exclude=hidden or None)
count = 0
if iterator.initialize():
    count = 1
    while iterator.next():
        iterator.get()
        count += 1
used = resource.getrusage(resource.RUSAGE_SELF)
print(time.perf_counter() - start, used.ru_maxrss / 1024.0, count, used.ru_utime + used.ru_stime, flush=True)
import os
os._exit(0)
"""

OURS = """
import os, resource, sys, threading, time
from pathlib import Path
from zonebox.collector import without_collector
from zonebox_converters.ifc import contents, header, massing
from zonebox_converters.ifc.georeference import Pose
from zonebox_converters.ifc.placing import placed
def held_kb():
    total, ask = 0, [str(os.getpid())]
    while ask:
        pid = ask.pop()
        try:
            rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
            for task in Path(f"/proc/{pid}/task").iterdir():
                ask += (task / "children").read_text().split()
        except (OSError, StopIteration):
            continue
    return total
peak, done = [0], threading.Event()
def watch():
    while not done.wait(0.25):
        peak[0] = max(peak[0], held_kb())
threading.Thread(target=watch, daemon=True).start()
start = time.perf_counter()
with header.opened(Path(sys.argv[1])) as file, massing.standby() as ready, without_collector():
    facts, shapes = contents.take(file, lambda stated: None, workers=2)
    shapes_s = time.perf_counter() - start
    made = massing.solid(shapes, spaces={r.number for r in facts.rooms if r.has_shape}, anchor=facts.stated.anchor,
                         levels=[level.z_m for level in facts.levels], ready=ready)
seen = placed(facts.parts, shapes, Pose(anchor=facts.stated.anchor, target=(0.0, 0.0, 0.0)))
model_s = time.perf_counter() - start
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
cpu_s = sum(u.ru_utime + u.ru_stime for u in used)
done.set()
print(shapes_s, peak[0] / 1024.0, len(shapes.arrays["product"]), cpu_s, model_s, made.solid is not None, flush=True)
"""

RERUN = """
import os, sys, tempfile, time
from pathlib import Path
from zonebox.frame import Frame
from zonebox_converters.ifc.georeference import Placement
from zonebox_converters.ifc.reading import read
grids = (os.environ["ZONEBOX_DATA"] + "/geoid",) if "ZONEBOX_DATA" in os.environ else ()
frame = Frame(crs="EPSG:7415", origin=(84975.0, 447519.0), grid_folders=grids)
place = Placement(easting=84975.0, northing=447519.0, elevation=0.0)
with tempfile.TemporaryDirectory(prefix="zonebox-bench-") as folder:
    for _ in range(2):
        start = time.perf_counter()
        building = read(Path(sys.argv[1]), frame, id="d", placement=place, cache=Path(folder))
        print(time.perf_counter() - start, end=" ", flush=True)
print()
"""


PER_STOREY: Final = 400
"""Products of a storey, all of one shape."""

HEAD: Final = """ISO-10303-21;
HEADER;
FILE_DESCRIPTION((''),'2;1');
FILE_NAME('generated','1970-01-01T00:00:00',(''),(''),'','','');
FILE_SCHEMA(('IFC4'));
ENDSEC;
DATA;
"""
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_$"


def guid(number: int) -> str:
    """GlobalId of a number."""
    digits = []
    for _ in range(22):
        number, rest = divmod(number, 64)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def write_building(path: Path, *, megabytes: float) -> Path:
    """Write storeys until the file has the size."""
    with path.open("w", encoding="ascii") as stream:
        written = stream.write(HEAD)
        number = 1
        for line in _frame():
            written += stream.write(f"#{number}={line};\n")
            number += 1
        storeys, level = [], 0
        while written < megabytes * 1e6:
            first = number
            for line in _storey(level, first):
                written += stream.write(f"#{number}={line};\n")
                number += 1
            storeys.append(first + 1)
            level += 1
        listed = ",".join(f"#{storey}" for storey in storeys)
        stream.write(f"#{number}=IFCRELAGGREGATES('{guid(number)}',$,$,$,#16,({listed}));\n")
        stream.write("ENDSEC;\nEND-ISO-10303-21;\n")
    return path


def _frame() -> Iterator[str]:
    """Project, site, building, and the one column that everything repeats; 16 is the building, 22 the map."""
    yield "IFCCARTESIANPOINT((0.,0.,0.))"  # 1
    yield "IFCAXIS2PLACEMENT3D(#1,$,$)"
    yield "IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#2,$)"  # 3
    yield "IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.)"
    yield "IFCSIUNIT(*,.AREAUNIT.,$,.SQUARE_METRE.)"
    yield "IFCSIUNIT(*,.VOLUMEUNIT.,$,.CUBIC_METRE.)"
    yield "IFCUNITASSIGNMENT((#4,#5,#6))"  # 7
    yield f"IFCPROJECT('{guid(8)}',$,'generated',$,$,$,$,(#3),#7)"
    yield "IFCPROJECTEDCRS('EPSG:28992',$,$,'NAP',$,$,#4)"  # 9
    yield "IFCMAPCONVERSION(#3,#9,84975.,447519.,1.,1.,0.,1.)"
    yield "IFCLOCALPLACEMENT($,#2)"  # 11
    yield f"IFCSITE('{guid(12)}',$,'site',$,$,#11,$,$,.ELEMENT.,$,$,$,$,$)"
    yield f"IFCRELAGGREGATES('{guid(13)}',$,$,$,#8,(#12))"
    yield "IFCLOCALPLACEMENT(#11,#2)"  # 14
    yield f"IFCRELAGGREGATES('{guid(15)}',$,$,$,#12,(#16))"
    yield f"IFCBUILDING('{guid(16)}',$,'tower',$,$,#14,$,$,.ELEMENT.,$,$,$)"
    yield "IFCCIRCLEPROFILEDEF(.AREA.,$,$,0.3)"  # 17
    yield "IFCDIRECTION((0.,0.,1.))"
    yield "IFCEXTRUDEDAREASOLID(#17,#2,#18,2.8)"  # 19
    yield "IFCSHAPEREPRESENTATION(#3,'Body','SweptSolid',(#19))"
    yield "IFCREPRESENTATIONMAP(#2,#20)"  # 21
    yield "IFCCARTESIANTRANSFORMATIONOPERATOR3D($,$,#1,$,$)"


def _storey(level: int, first: int) -> Iterator[str]:
    """Storey with its placement, columns on a grid with properties each, and the relation that contains them."""
    yield f"IFCLOCALPLACEMENT(#14,#{first + 2})"
    yield f"IFCBUILDINGSTOREY('{guid(first + 1)}',$,'{level}',$,$,#{first},$,$,.ELEMENT.,{3.0 * level:.1f})"
    yield f"IFCAXIS2PLACEMENT3D(#{first + 3},$,$)"
    yield f"IFCCARTESIANPOINT((0.,0.,{3.0 * level:.1f}))"
    columns = []
    at = first + 4
    for place in range(PER_STOREY):
        row, column = divmod(place, 20)
        yield f"IFCCARTESIANPOINT(({4.0 * column:.1f},{4.0 * row:.1f},0.))"
        yield f"IFCAXIS2PLACEMENT3D(#{at},$,$)"
        yield f"IFCLOCALPLACEMENT(#{first},#{at + 1})"
        yield "IFCMAPPEDITEM(#21,#22)"
        yield f"IFCSHAPEREPRESENTATION(#3,'Body','MappedRepresentation',(#{at + 3}))"
        yield f"IFCPRODUCTDEFINITIONSHAPE($,$,(#{at + 4}))"
        yield f"IFCCOLUMN('{guid(at + 6)}',$,'column {level}-{place}',$,$,#{at + 2},#{at + 5},$,.COLUMN.)"
        for key in range(10):
            yield f"IFCPROPERTYSINGLEVALUE('Property {key}',$,IFCLABEL('value {level}-{place}-{key}'),$)"
        listed = ",".join(f"#{at + 7 + key}" for key in range(10))
        yield f"IFCPROPERTYSET('{guid(at + 17)}',$,'Set of the column',$,({listed}))"
        yield f"IFCRELDEFINESBYPROPERTIES('{guid(at + 18)}',$,$,$,(#{at + 6}),#{at + 17})"
        columns.append(at + 6)
        at += 19
    listed = ",".join(f"#{column}" for column in columns)
    yield f"IFCRELCONTAINEDINSPATIALSTRUCTURE('{guid(at)}',$,$,$,({listed}),#{first + 1})"


def measured(code: str, path: Path) -> list[float]:
    """Run a script on a file in an interpreter of its own; the numbers of its last line."""
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return [float({"True": 1, "False": 0}.get(word, word)) for word in done.stdout.splitlines()[-1].split()]


def compare(path: Path, times: int) -> dict[str, Any]:
    """Time and memory of both on one file, by turns; of several times the least, of memory the most."""
    size_mb = path.stat().st_size / 1e6
    start = time.perf_counter()
    turns = [(measured(BARE, path), measured(OURS, path)) for _ in range(times)]
    bare, ours = ([column(values) for column, values in zip((min, max, min, min, min, min), zip(*rows, strict=True),
                                                            strict=False)] for rows in zip(*turns, strict=True))
    bare_s, bare_mb, bare_count, bare_cpu = bare
    shapes_s, ours_mb, ours_count, ours_cpu, ours_s, solid = ours
    return {
        "file": path.name, "MB": round(size_mb, 1), "bare_s": round(bare_s, 2), "zonebox_s": round(ours_s, 2),
        "ratio": round(ours_s / bare_s, 2),
        "bare_cpu_s": round(bare_cpu, 2), "zonebox_cpu_s": round(ours_cpu, 2), "shapes_s": round(shapes_s, 2),
        "shapes_ratio": round(shapes_s / bare_s, 2), "solid": bool(solid),
        "bare_shapes": int(bare_count),
        "zonebox_shapes": int(ours_count), "bare_peak_MB": round(bare_mb), "zonebox_peak_MB": round(ours_mb),
        "memory_to_file": round(ours_mb / size_mb, 1), "bench_s": round(time.perf_counter() - start, 1),
    }


def rerun(path: Path, times: int) -> dict[str, Any]:
    """Time of a first read that fills the cache, and of a second one that uses it; of several times the least."""
    first_s, second_s = (min(column) for column in zip(*(measured(RERUN, path) for _ in range(times)), strict=True))
    return {"file": path.name, "first_s": round(first_s, 2), "rerun_s": round(second_s, 2),
            "rerun_to_first": round(second_s / first_s, 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--big", type=float, default=0.0, help="also a generated file of about so many MB")
    parser.add_argument("--rerun", action="store_true", help="also read twice with a cache (in the Netherlands)")
    parser.add_argument("--times", type=int, default=1, help="so many turns of each, for a machine that others use")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zonebox-bench-") as folder:
        files = list(said.files)
        if said.big:
            files.append(write_building(Path(folder) / "generated.ifc", megabytes=said.big))
        for path in files:
            print(compare(path, said.times), flush=True)
            if said.rerun:
                print(rerun(path, said.times), flush=True)


if __name__ == "__main__":
    main()
