"""What makes large files quick: repeated shapes made once, and plain property sets read from the text."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ifcopenshell
import ifcopenshell.geom
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.bench_ifc import write_building
from zonebox_converters.ifc import dealing, header, statements, stripping, worker
from zonebox_converters.ifc.contents import take
from zonebox_converters.ifc.facts import seen
from zonebox_converters.ifc.parsing import declared
from zonebox_converters.ifc.properties import Sets
from zonebox_converters.ifc.repeats import Repeats
from zonebox_converters.ifc.stated import Placements
from zonebox_converters.ifc.text_places import TextPlaces

FILES = ("Duplex_A_20110907_georeferenced.ifc", "LargeBuilding.ifc", "TallBuilding.ifc",
         "Schependomlaan_ROOT-Vebo.ifczip")


def unpacked(path: Path, folder: Path) -> Path:
    if path.suffix == ".ifczip":
        with zipfile.ZipFile(path) as packed:
            path = Path(packed.extract(packed.namelist()[0], folder))
    return path


def sent(model: Any, numbers: list[int]) -> dict[int, tuple[NDArray[Any], NDArray[Any]]]:
    """Step id -> corners of the triangles in the file's coordinates, and colours, as a child sends them."""
    shapes: dict[str, Mapping[str, Any]] = {}
    placed: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}

    def send(kind: str, arrays: Mapping[str, NDArray[Any]], **fields: Any) -> None:
        if kind == "geometry":
            shapes[fields["key"]] = dict(arrays)
            return
        for number, matrix, key in zip(arrays["product"], arrays["matrix"], fields["keys"], strict=True):
            shape = shapes[key]
            points = shape["vertices"] @ matrix[:3, :3].T + matrix[:3, 3]
            placed[int(number)] = points[shape["triangles"]], shape["colors"]

    worker._iterate(model, numbers, send)
    return placed


@pytest.mark.parametrize("name", FILES)
def test_repeated_shapes_are_where_the_kernel_puts_them(
    name: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ifcopenshell.open(str(unpacked(shared_data / "ifc" / name, tmp_path)))
    numbers = [product.id() for product in seen(model)]
    quick = sent(model, numbers)
    monkeypatch.setattr(Repeats, "split", lambda _, products: (list(products), {}))
    every = sent(model, numbers)
    assert quick.keys() == every.keys()
    for number, (corners, colours) in every.items():
        np.testing.assert_allclose(quick[number][0], corners, atol=2e-6, err_msg=str(number))
        np.testing.assert_array_equal(quick[number][1], colours)


def test_a_tower_of_one_column_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ifcopenshell.open(str(write_building(tmp_path / "tower.ifc", megabytes=1.0)))
    columns = model.by_type("IfcColumn")
    made: list[int] = []
    true = worker._answer

    def counted(shape: Any, batch: worker.Batch) -> tuple[str, NDArray[np.float64]]:
        made.append(int(shape.id))
        return true(shape, batch)

    monkeypatch.setattr(worker, "_answer", counted)
    placed = sent(model, [column.id() for column in columns])
    assert len(made) == 1
    assert len(placed) == len(columns) == 800
    for column in (columns[0], columns[417], columns[799]):
        x, y, _ = column.ObjectPlacement.RelativePlacement.Location.Coordinates
        storey = column.ContainedInStructure[0].RelatingStructure
        low, high = (reduced(placed[column.id()][0].reshape(-1, 3), axis=0) for reduced in (np.min, np.max))
        np.testing.assert_allclose((low + high) / 2.0, (x, y, storey.Elevation + 1.4), atol=1e-3)
        np.testing.assert_allclose(high - low, (0.6, 0.6, 2.8), atol=0.01)


@pytest.mark.parametrize("name", FILES)
def test_places_and_repeats_are_the_same_from_the_text(name: str, shared_data: Path, tmp_path: Path) -> None:
    path = unpacked(shared_data / "ifc" / name, tmp_path)
    model = ifcopenshell.open(str(path))
    products = seen(model)
    numbers = [product.id() for product in products]
    text = TextPlaces(scanned(path))
    found, places = text.matrices(np.array(numbers)), Placements()
    assert np.isfinite(found).all(axis=(1, 2)).mean() > 0.9
    for product, matrix in zip(products, found, strict=True):
        if np.isfinite(matrix).all():
            np.testing.assert_allclose(matrix, places.of(product), rtol=1e-9, atol=1e-6, err_msg=str(product))
    assert Repeats(model, text).split(numbers) == Repeats(model).split(numbers)


ODD = """ISO-10303-21;
HEADER;FILE_DESCRIPTION((''),'2;1');FILE_NAME('','',(''),(''),'','','');FILE_SCHEMA(('IFC4'));ENDSEC;
DATA;
#1=IFCCARTESIANPOINT((1.5E+3,-2.5e-1,12345678.9012345678901));
#2=IFCDIRECTION((0.,0.,2.));
#3=IFCDIRECTION((3.,4.,7.));
#4=IFCAXIS2PLACEMENT3D(#1,#2,#3);
#5=IFCLOCALPLACEMENT($,#4);
#6=IFCCARTESIANPOINT((1,2.,+3.));
#7= IFCAXIS2PLACEMENT3D ( #6 , $ , $ ) ;
#8=IFCLOCALPLACEMENT(#5,#7);
#9=IFCAXIS2PLACEMENT3D(#6,#2,$);
#10=IFCLOCALPLACEMENT(#5,#9);
#11=IFCLOCALPLACEMENT(#12,#7);
#12=IFCLOCALPLACEMENT(#11,#7);
#13=IFCLOCALPLACEMENT(#5,/* #4 */#7);
#14=IFCCARTESIANPOINT((1.,2.));
#15=IFCAXIS2PLACEMENT2D(#14,$);
#16=IFCLOCALPLACEMENT(#5,#15);
#17=IFCGRIDPLACEMENT($,$);
#21=IFCWALL('a',$,'(#9, it''s; #8)',$,$,#8,$,$,$);
#22=IFCWALL('b',$,'caf\\X2\\00E9\\X0\\',$,$,#5,$,$,$);
#23=IFCWALL('c',$,$,$,$,$,$,$,$);
#24=IFCWALL('d',$,$,$,$,#10,$,$,$);
#25=IFCWALL('e',$,$,$,$,#11,$,$,$);
#26=IFCWALL('f',$,$,$,$,#13,$,$,$);
#27=IFCWALL('g',$,$,$,$,#16,$,$,$);
#28=IFCWALL('h',$,$,$,$,#17,$,$,$);
#29=IFCWALL('i',$,$,$,$,#8,$,$,$ /* as b */);
ENDSEC;
END-ISO-10303-21;
"""


def test_odd_placements_are_read_right_or_left_to_the_model(tmp_path: Path) -> None:
    path = tmp_path / "odd.ifc"
    path.write_text(ODD, encoding="ascii")
    text = TextPlaces(scanned(path))
    found = text.matrices(np.array([21, 22, 23, 24, 25, 26, 27, 28, 29, 99, -1]))
    turned = np.array([[0.6, -0.8, 0.0, 1500.0], [0.8, 0.6, 0.0, -0.25], [0.0, 0.0, 1.0, 12345678.9012345678901],
                       [0.0, 0.0, 0.0, 1.0]])
    moved = np.eye(4)
    moved[:3, 3] = 1.0, 2.0, 3.0
    np.testing.assert_allclose(found[0], turned @ moved, rtol=1e-15, atol=1e-9)
    np.testing.assert_allclose(found[1], turned, rtol=1e-15, atol=1e-15)
    np.testing.assert_array_equal(found[2], np.eye(4))
    np.testing.assert_array_equal(found[8], found[0])                   # the comment comes after what is read
    assert np.isnan(found[[3, 4, 5, 6, 7, 9, 10], 0, 0]).all()
    assert not text.mapped(np.array([21, 23, 99])).any()


def scanned(path: Path) -> statements.Statements:
    found = statements.scan(path)
    assert found is not None
    return found


STRANGE = """ISO-10303-21;
HEADER;FILE_DESCRIPTION((''),'2;1');FILE_NAME('','',(''),(''),'','','');FILE_SCHEMA(('IFC4'));ENDSEC;
DATA;
#1=IFCWALL('0aB3$_dEf4gH5iJ6kL7mN8',$,'a; wall',$,$,$,$,$,$);
#2=IFCWALL('1aB3$_dEf4gH5iJ6kL7mN8',$,'b',$,$,$,$,$,$); /* #99=IFCWALL('x'); */
#3=IFCSITE('2aB3$_dEf4gH5iJ6kL7mN8',$,$,$,$,$,$,$,$,$,$,$,$,$);
#10=IFCPROPERTYSINGLEVALUE('It''s; #7, (odd)','a (description)',IFCLABEL(' it''s #1, \"fine\" '),$);
#11=IFCPROPERTYSINGLEVALUE('length',$,IFCLENGTHMEASURE(1.25E1),#60);
#12=IFCPROPERTYSINGLEVALUE('count',$,IFCINTEGER(-7),$);
#13=IFCPROPERTYSINGLEVALUE('yes',$,IFCBOOLEAN(.T.),$);
#14=IFCPROPERTYSINGLEVALUE('no',$,IFCLOGICAL(.F.),$);
#15=IFCPROPERTYSINGLEVALUE('none',$,$,$);
#16=IFCPROPERTYSINGLEVALUE('empty',$,IFCTEXT(''),$);
#17=IFCPROPERTYSINGLEVALUE('unknown',$,IFCLOGICAL(.U.),$);
#18=IFCPROPERTYSINGLEVALUE('accent',$,IFCLABEL('caf\\X2\\00E9\\X0\\'),$);
#19=IFCPROPERTYENUMERATEDVALUE('kinds',$,(IFCLABEL('one'),IFCLABEL('two')),$);
#20=IFCPROPERTYSINGLEVALUE('shared',$,IFCLABEL('by a type'),$);
#21= IFCPROPERTYSINGLEVALUE ( 'spaced' , $ , IFCINTEGER(-7) , $ ) ;
#22=IFCPROPERTYSET('JaB3$_dEf4gH5iJ6kL7mN8',$,'Spaces',$,(#21));
#47=IFCRELDEFINESBYPROPERTIES('KaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#1),#22);
#30=IFCPROPERTYSET('3aB3$_dEf4gH5iJ6kL7mN8',#61,' Plain',$,(#10,#11,#12,#13,#14,#15,#16));
#31=IFCPROPERTYSET('4aB3$_dEf4gH5iJ6kL7mN8',$,'Logic',$,(#17));
#32=IFCPROPERTYSET('5aB3$_dEf4gH5iJ6kL7mN8',$,'Letters',$,(#18));
#33=IFCPROPERTYSET('6aB3$_dEf4gH5iJ6kL7mN8',$,'Lists',$,(#19));
#34=IFCPROPERTYSET('7aB3$_dEf4gH5iJ6kL7mN8',$,'Type',$,(#20));
#35=IFCPROPERTYSET('8aB3$_dEf4gH5iJ6kL7mN8',$,'ePSet_MapConversion',$,(#36));
#36=IFCPROPERTYSINGLEVALUE('Eastings',$,IFCREAL(85000.),$);
#37=IFCPROPERTYSET('9aB3$_dEf4gH5iJ6kL7mN8',$,'Two',$,(#11,#38));
#38=IFCPROPERTYSINGLEVALUE('more',$,IFCREAL(2),$);
#40=IFCRELDEFINESBYPROPERTIES('AaB3$_dEf4gH5iJ6kL7mN8',#61,$,$,(#1,#2),#30);
#41=IFCRELDEFINESBYPROPERTIES('BaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#1),#31);
#42=IFCRELDEFINESBYPROPERTIES('CaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#1),#32);
#43=IFCRELDEFINESBYPROPERTIES('DaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#2),#33);
#44=IFCRELDEFINESBYPROPERTIES('EaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#3),#35);
#45=IFCRELDEFINESBYPROPERTIES('FaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#2),#34);
#46=IFCRELDEFINESBYPROPERTIES('GaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#2),#37);
#50=IFCWALLTYPE('HaB3$_dEf4gH5iJ6kL7mN8',$,'t',$,$,(#34),$,$,$,.NOTDEFINED.);
#51=IFCRELDEFINESBYTYPE('IaB3$_dEf4gH5iJ6kL7mN8',$,$,$,(#1),#50);
#60=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);
#61=IFCOWNERHISTORY(#62,$,$,$,$,$,$,0);
#62=IFCPERSONANDORGANIZATION($,$,$);
ENDSEC;
END-ISO-10303-21;
"""


def test_what_is_plain_is_read_as_the_parser_does_and_the_rest_stays(tmp_path: Path) -> None:
    path, shorter = tmp_path / "strange.ifc", tmp_path / "shorter.ifc"
    path.write_text(STRANGE, encoding="ascii")
    plain = stripping.strip(scanned(path), shorter)
    assert plain is not None
    whole, rest = ifcopenshell.open(str(path)), ifcopenshell.open(str(shorter))
    gone = set(whole.entity_names()) - set(rest.entity_names())
    assert gone == {10, 11, 12, 13, 14, 15, 16, 30, 40, 37, 38, 46}
    assert plain.count == len(gone)
    sets, others = Sets(whole), Sets(rest)
    for number in (1, 2, 3):
        assert others.of(rest.by_id(number)) | plain.of(number) == sets.of(whole.by_id(number)), number
    assert plain.of(1)["Plain.It's; #7, (odd)"] == 'it\'s #1, "fine"'
    assert plain.of(2)["Plain.length"] == plain.of(2)["Two.length"] == "12.5"


@pytest.mark.parametrize(("what", "instead"), [
    ("#38=IFCPROPERTYSINGLEVALUE('more'", "#39=IFCPROPERTYSINGLEVALUE('more'"),      # refers to what is not there
    ("#62=IFCPERSON", "#61=IFCPERSON"),                                              # a number twice
    ("#60=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);", "#60=IFCSIUNIT(*,.LENGTHUNIT.,$,'.METRE.);"),   # an open string
])
def test_an_irregular_file_is_left_to_the_parser(what: str, instead: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.ifc"
    path.write_text(STRANGE.replace(what, instead), encoding="ascii")
    assert statements.scan(path) is None or stripping.strip(scanned(path), tmp_path / "shorter.ifc") is None
    assert not (tmp_path / "shorter.ifc").exists()


@pytest.mark.parametrize("name", FILES)
def test_facts_of_real_files_are_the_same_either_way(
    name: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = unpacked(shared_data / "ifc" / name, tmp_path)
    facts = []
    for large in (1 << 40, 0):
        monkeypatch.setattr(dealing, "LARGE", large)
        with header.opened(path) as file:
            facts.append(take(file, lambda stated: None)[0])
    whole, stripped = facts
    assert stripped == whole
    plain = stripping.strip(scanned(path), tmp_path / "shorter.ifc")
    assert plain is None or len(plain.begin) >= declared(path)
