"""What runs in a child process: parser and kernels, which can crash, hang or eat memory there without harm."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox_converters.ifc import dealing, isolation

if TYPE_CHECKING:
    from zonebox_converters.ifc.openings import Openings
    from zonebox_converters.ifc.parsing import Parsed
    from zonebox_converters.ifc.repeats import Repeats
    from zonebox_converters.ifc.stripping import Plain
    from zonebox_converters.ifc.text_places import TextPlaces

Send = Callable[..., None]

FEW: Final = 400
"""A product made by itself takes the kernel as long as so many take its iterator to go over."""

BATCH: Final = 256
"""So many placed products leave in one message ..."""

MANY: Final = 4096
"""... and so many that repeat one shape."""


def main() -> None:
    """Do the one job given on standard input; answer on a private copy of standard output.

    The kernels print to standard output as they please, so that is pointed elsewhere first.
    """
    gc.disable()        # a short life, in which all that is made in bulk holds no cycles
    out = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path
        os.dup2(nowhere.fileno(), 1)
    job = json.loads(sys.stdin.buffer.readline())
    isolation.end_with(job["parent"])
    if job["task"] == isolation.READY:
        importlib.import_module(job["module"])
        job = json.loads(sys.stdin.buffer.readline())
    _bound_memory(job.get("memory_mb"))
    send = _sender(out)
    job["out"] = out.fileno()
    {"read": read, "shapes": shapes, "careful": careful, "solid": solid}[job["task"]](job, send)
    send("end")
    out.flush()
    os._exit(0)  # destructors of the kernels have been seen to crash at exit


def _sender(out: IO[bytes]) -> Send:
    def send(kind: str, arrays: Mapping[str, NDArray[Any]] | None = None, **fields: Any) -> None:
        isolation.send(out, {"kind": kind, **fields}, arrays)

    return send


def _bound_memory(megabytes: int | None) -> None:
    """Let an allocation beyond the bound fail, where the system knows such bounds."""
    if megabytes is None or sys.platform == "win32":
        return
    import resource

    most, hard = megabytes << 20, resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def read(job: Mapping[str, Any], send: Send) -> None:
    """Parse once, say what the file states, and shape its products together with forked helpers."""
    _guarded(job, send, lambda tell: _read(job, tell))


def _guarded(job: Mapping[str, Any], send: Send, work: Callable[[Send], None]) -> None:
    """Do some work, and say in one sentence why it could not be done."""
    from zonebox.errors import InputError

    try:
        work(send)
    except InputError as error:
        send("refused", where=error.where, got=error.got, want=error.want, then=error.then)
    except MemoryError:
        send("refused", where=job["name"], got=f"a file that needs more than {job['memory_mb']:,} MB to be read",
             want="a building that fits into memory", then="split the model, or export only the architecture")
    except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the library raise
        said = (str(error).strip().splitlines() or [""])[0][:120]
        send("refused", where=job["name"], got=f"entities that contradict the schema ({type(error).__name__}: {said})",
             want="IFC2X3, IFC4 or IFC4X3 that keeps to its schema", then="export it again, or repair it")


def _read(job: Mapping[str, Any], send: Send) -> None:
    from zonebox_converters.ifc import packing, parsing
    from zonebox_converters.ifc.facts import extract, seen
    from zonebox_converters.ifc.properties import Sets
    from zonebox_converters.ifc.repeats import Repeats
    from zonebox_converters.ifc.stated import stated
    from zonebox_converters.ifc.units import length_unit

    if not job["shapes"]:
        parsed = parsing.parse(Path(job["path"]), job["name"])
        send("parsed", entities=parsed.entities, notes=parsed.notes, declared=None)
        send("facts", facts=packing.pack(extract(parsed.model, job["name"])), apart=False, plain=0)
        return
    parsed, plain, text, lanes = _parsed(job)
    model = parsed.model
    send("parsed", entities=parsed.entities + (0 if plain is None else plain.count), notes=parsed.notes,
         declared=None if plain is None else len(plain.begin))
    products, place = seen(model), None
    if products:  # a file without is refused below, in full
        place = stated(model, products, length_unit(model)[0])
        send("stated", stated=dataclasses.asdict(place))
    every = dealing.groups([*products, *(room for room in model.by_type("IfcSpace") if room.Representation)], text)
    send("products", {"products": np.array(every, dtype=np.int64).reshape(-1, 2)})
    apart = len(products) >= dealing.APART
    tokens = dealing.tokens(every, [p.id() for p in products] if apart else [])
    sets: list[Sets] = []  # made once, by whoever first needs them
    repeats = Repeats(model, text)

    def work(tell: Send) -> None:
        for what, numbers in tokens.take():
            if what == dealing.PROPERTIES:
                sets.extend([] if sets else [Sets(model)])
                rows = packing.pack_properties(
                    (number, sets[0].of(model.by_id(number))) for number in numbers if sets[0].has(number))
                tell("properties", rows=rows, parts=len(numbers))
            else:
                _iterate(model, numbers, tell, repeats)

    _fork(job, lanes, work)
    facts = extract(model, job["name"], properties=not apart, products=products, place=place)
    send("facts", facts=packing.pack(facts), apart=apart, plain=0 if plain is None else len(plain.sets_of))
    work(send)


def _parsed(job: Mapping[str, Any]) -> tuple[Parsed, Plain | None, TextPlaces | None, Sequence[int]]:
    """Parse a file, a large one without its plain property sets; the lanes that are left for helpers.

    A helper reads those sets from the text meanwhile; where products stand comes from the text as well.
    """
    import tempfile

    from zonebox_converters.ifc import parsing

    path, name, lanes = Path(job["path"]), job["name"], job["lanes"]
    if path.stat().st_size >= job["large"] and lanes:
        from zonebox_converters.ifc import statements, stripping
        from zonebox_converters.ifc.text_places import TextPlaces

        found = statements.scan(path)
        with tempfile.TemporaryDirectory(prefix="zonebox-ifc-", ignore_cleanup_errors=True) as folder:
            shorter = Path(folder) / "model.ifc"
            plain = None if found is None else stripping.strip(found, shorter)
            if found is not None and plain is not None:
                def tell_all(tell: Send) -> None:
                    tell("plain", rows=plain.rows())

                _fork(job, lanes[:1], tell_all, others=lanes[1:])
                return parsing.parse(shorter, name), plain, TextPlaces(found), lanes[1:]
        return parsing.parse(path, name), None, None if found is None else TextPlaces(found), lanes
    return parsing.parse(path, name), None, None, lanes


def _fork(job: Mapping[str, Any], lanes: Sequence[int], work: Callable[[Send], None],
          others: Sequence[int] = ()) -> None:
    """Start a helper on each lane; this process has started no thread yet."""
    own = job["out"]
    for place, lane in enumerate(lanes):
        if os.fork():
            os.close(lane)
            continue
        try:
            for other in (*lanes[place + 1:], *others, own):  # those before are closed already
                os.close(other)
            with os.fdopen(lane, "wb") as out:
                _guarded(job, _sender(out), work)
        finally:
            os._exit(0)


def shapes(job: Mapping[str, Any], send: Send) -> None:
    """Shape products through the library's iterator, which shares repeated geometry."""
    import ifcopenshell

    _iterate(ifcopenshell.open(job["path"]), job["products"], send)


def _iterate(model: Any, numbers: Sequence[int], send: Send, repeats: Repeats | None = None) -> None:
    """Shape products: first those that the light kernel makes, then the others and what it left out.

    What repeats a shape is not made again, unless the one that it repeats came to nothing or stands somewhere else
    than its placement says.
    """
    from zonebox_converters.ifc.light import KERNEL, THOROUGH, Light
    from zonebox_converters.ifc.openings import Openings
    from zonebox_converters.ifc.repeats import Repeats

    light, repeats, batch = Light(model), repeats or Repeats(model), Batch(send, BATCH)
    leaders, repeated = repeats.split(numbers)
    shaping = _Shaping(model, repeats, repeated, batch)
    shaping.run([number for number in leaders if light.makes(model.by_id(number))], KERNEL)
    shaping.cut(Openings(model, light), numbers)
    shaping.run([number for number in leaders if number not in shaping.made], THOROUGH)
    shaping.run([number for number in numbers if number not in shaping.made], THOROUGH)
    batch.flush()


class _Shaping:
    """Shapes on their way out, with what repeats them."""

    def __init__(self, model: Any, repeats: Repeats, repeated: Mapping[int, Sequence[int]], batch: Batch) -> None:
        self.made: set[int] = set()
        self._model, self._repeats, self._repeated, self._batch = model, repeats, repeated, batch

    def run(self, numbers: Sequence[int], kernel: str) -> None:
        """Send the shapes that a kernel makes of products, by step id; empty ones are none."""
        products = [self._model.by_id(number) for number in numbers]
        for shape in _made(self._model, products, kernel, geometry_settings()):
            if len(shape.geometry.faces_buffer):
                self._answer(shape)

    def cut(self, openings: Openings, numbers: Sequence[int]) -> None:
        """Send the shapes of products out of which only plain openings are cut."""
        from zonebox_converters.ifc.light import KERNEL
        from zonebox_converters.ifc.openings import cut

        holes = {number: found for number in numbers if (found := openings.of(self._model.by_id(number)))}
        if not holes:
            return
        whole = geometry_settings()
        whole.set("disable-opening-subtractions", True)
        hosts = [self._model.by_id(number) for number in holes]
        cutters = [hole for found in holes.values() for hole in found]
        bodies, tools = ({int(shape.id): _placed(shape) for shape in _made(self._model, products, KERNEL, whole)}
                         for products in (hosts, cutters))
        for number, found in holes.items():
            if number not in bodies or any(hole.id() not in tools for hole in found):
                continue
            body, matrix = bodies[number]
            back = np.linalg.inv(matrix)
            left = cut(body, [(tools[hole.id()][0], back @ tools[hole.id()][1]) for hole in found])
            if left is not None:
                self._batch.geometry(f"cut {number}", functools.partial(dict, left))
                self._batch.product(number, f"cut {number}", matrix)
                self.made.add(number)

    def _answer(self, shape: Any) -> None:
        number = int(shape.id)
        key, matrix = _answer(shape, self._batch)
        self.made.add(number)
        others = [other for other in self._repeated.get(number, ()) if other not in self.made]
        if others and self._repeats.agrees(number, matrix):
            self._batch.repeated(others, key, self._repeats.matrices(others))
            self.made.update(others)


def _made(model: Any, products: Sequence[Any], kernel: str, settings: Any) -> Iterator[Any]:
    """Yield the shapes of products in whichever way takes less time."""
    if products:
        few = len(products) * FEW < len(model.by_type("IfcProduct"))
        yield from (_one_by_one if few else _in_a_row)(model, products, kernel, settings)


def _in_a_row(model: Any, products: Sequence[Any], kernel: str, settings: Any) -> Iterator[Any]:
    """Yield the shapes of products from the library's iterator, which first goes over all products of the file."""
    import ifcopenshell.geom

    iterator = ifcopenshell.geom.iterator(settings, model, 1, include=list(products),
                                          geometry_library=kernel)
    if iterator.initialize():
        while True:
            yield iterator.get()
            if not iterator.next():
                break


def _one_by_one(_: Any, products: Sequence[Any], kernel: str, settings: Any) -> Iterator[Any]:
    """Yield the shapes of a few products of a large file."""
    import ifcopenshell.geom

    for product in products:
        with contextlib.suppress(RuntimeError, ValueError, TypeError):      # it has no shape: so the iterator does
            yield ifcopenshell.geom.create_shape(settings, product, geometry_library=kernel)


def careful(job: Mapping[str, Any], send: Send) -> None:
    """Shape products one by one, naming each before it is tried: the last one named is the one that killed us."""
    import ifcopenshell
    import ifcopenshell.geom

    model = ifcopenshell.open(job["path"])
    settings = geometry_settings()
    batch = Batch(send, 1)
    for number in job["products"]:
        send("trying", product=number)
        try:
            shape = ifcopenshell.geom.create_shape(settings, model.by_id(number))
        except (RuntimeError, ValueError, TypeError) as error:
            send("failed", product=number, reason=(str(error).strip().splitlines() or ["no shape"])[0][:120])
            continue
        _answer(shape, batch)


def solid(job: Mapping[str, Any], send: Send) -> None:
    """Unite the shapes of a file into one closed solid, or only try to unite some of them."""
    from zonebox_converters.ifc import union

    with np.load(job["shapes"], allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if "rows" in job:
        union.tried(arrays, job["rows"])
        return
    fields, answer = union.united(arrays, sections_z=job["sections"], slabs_z=job["slabs"], without=job["without"])
    send("solid", answer, **fields)


def geometry_settings() -> Any:
    """Metres, local coordinates with a placement matrix, openings cut, no invented materials.

    Shells are turned outward by `zonebox_converters.ifc.orienting`, all at once and in a fraction of the kernel's time.
    """
    import ifcopenshell.geom

    settings = ifcopenshell.geom.settings()
    settings.set("use-world-coords", False)
    settings.set("weld-vertices", True)
    settings.set("no-normals", True)
    settings.set("apply-default-materials", False)
    return settings


class Batch:
    """Placed products on their way out; a geometry goes before the first product that has it."""

    def __init__(self, send: Send, size: int) -> None:
        self._send, self._size = send, size
        self._sent: set[str] = set()
        self._rows: list[tuple[int, str, NDArray[np.float64]]] = []

    def geometry(self, key: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> None:
        """Send a geometry that was not sent before."""
        if key not in self._sent:
            self._send("geometry", make(), key=key)
            self._sent.add(key)

    def product(self, number: int, key: str, matrix: NDArray[np.float64]) -> None:
        """Send a product, with others."""
        self._rows.append((number, key, matrix))
        if len(self._rows) >= self._size:
            self.flush()

    def repeated(self, numbers: Sequence[int], key: str, matrices: NDArray[np.float64]) -> None:
        """Send products (n,) of a geometry that was sent, with their placements (n, 4, 4), metres."""
        for k in range(0, len(numbers), MANY):
            self._send("placed", {"product": np.array(numbers[k:k + MANY], dtype=np.int64),
                                  "matrix": matrices[k:k + MANY]}, keys=[key] * len(numbers[k:k + MANY]))

    def flush(self) -> None:
        """Send what waits."""
        if self._rows:
            numbers, keys, matrices = zip(*self._rows, strict=True)
            self._send("placed", {"product": np.array(numbers, dtype=np.int64), "matrix": np.array(matrices)},
                       keys=keys)
            self._rows.clear()


def _answer(shape: Any, batch: Batch) -> tuple[str, NDArray[np.float64]]:
    """Send the product with its placement, and its geometry where that was not sent before; return key and matrix."""
    geometry = shape.geometry
    key = str(geometry.id)
    batch.geometry(key, lambda: _arrays(geometry))
    matrix = _matrix(shape)
    batch.product(int(shape.id), key, matrix)
    return key, matrix


def _matrix(shape: Any) -> NDArray[np.float64]:
    return np.array(shape.transformation.matrix, dtype=np.float64).reshape(4, 4, order="F")


def _placed(shape: Any) -> tuple[Mapping[str, NDArray[Any]], NDArray[np.float64]]:
    """Copy a shape's geometry and its placement."""
    return {name: array.copy() for name, array in _arrays(shape.geometry).items()}, _matrix(shape)


def _arrays(geometry: Any) -> Mapping[str, NDArray[Any]]:
    vertices = np.frombuffer(geometry.verts_buffer, dtype="<f8").reshape(-1, 3)
    triangles = np.frombuffer(geometry.faces_buffer, dtype="<i4").reshape(-1, 3)
    ids = np.frombuffer(geometry.material_ids_buffer, dtype="<i4")
    palette = np.array([*_palette(geometry.materials), (0, 0, 0, 0)], dtype=np.uint8)
    colors = palette[ids] if len(ids) == len(triangles) else np.zeros((len(triangles), 4), dtype=np.uint8)
    return {"vertices": vertices, "triangles": triangles, "colors": colors}


def _palette(materials: Any) -> Iterator[tuple[int, int, int, int]]:
    """RGBA of each material; transparency is left out (NaN) by most exporters."""
    for material in materials:
        diffuse = material.diffuse
        clear = float(material.transparency)
        alpha = 1.0 if clear != clear else 1.0 - clear  # noqa: PLR0124 - NaN
        rgb = (diffuse.r(), diffuse.g(), diffuse.b())
        if any(value != value for value in rgb):  # noqa: PLR0124
            yield (0, 0, 0, 0)
            continue
        red, green, blue = (round(255 * min(max(float(value), 0.0), 1.0)) for value in rgb)
        yield (red, green, blue, max(1, round(255 * min(max(alpha, 0.0), 1.0))))
