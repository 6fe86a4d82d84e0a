"""Which statement governs, and how far the others are off: buildingSMART's own cases and our own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zonebox.errors import InputError
from zonebox.frame import Frame
from zonebox_converters.ifc.facts import extract
from zonebox_converters.ifc.georeference import Placed, Placement, place
from zonebox_converters.ifc.header import load, opened
from zonebox_converters.ifc.stated import Conversion, Stated, stated

HERE = {"east": 84975.0, "north": 447519.0, "height": 1.0}


def _conversion(**values: Any) -> Conversion:
    given: dict[str, Any] = {"kind": "map_conversion", "label": "IfcMapConversion", "crs": "EPSG:28992",
                             "vertical": "NAP", **HERE} | values
    return Conversion(**given)


def _said(*conversions: Conversion, unit_m: float = 1.0, **values: Any) -> Stated:
    given: dict[str, Any] = {"unit_m": unit_m, "anchor": (0.0, 0.0, 0.0), "conversions": conversions} | values
    return Stated(**given)


def _case(path: Path, frame: Frame, placement: Placement | None = None) -> Placed:
    import ifcopenshell.util.unit

    with opened(path) as file:
        model = load(file)
        unit_m = float(ifcopenshell.util.unit.calculate_unit_scale(model))
        return place(stated(model, [], unit_m), frame, placement=placement, where=path.name)


@pytest.mark.parametrize(("unit_m", "scale", "remark"), [
    (1.0, 1.0, ""),
    (1.0, None, ""),
    (0.001, 0.001, ""),
    (0.001, None, "no Scale is given although the units ask for 0.001"),
    (0.001, 1.0, "Scale is 1 although the units ask for 0.001"),
    (0.3048, 0.3048, ""),
    (0.3048, 3.280839895, "written the other way round"),
    (0.3048, 0.25, "does not fit the units"),
])
def test_scale_is_weighed_against_the_units(rd: Frame, unit_m: float, scale: float | None, remark: str) -> None:
    placed = place(_said(_conversion(scale=scale), unit_m=unit_m), rd)
    assert rd.world(placed.pose.apply([[10.0, 0.0, 3.0]]))[0] == pytest.approx([84985, 447519, 4.0])
    assert remark in placed.notes[0].text


@pytest.mark.parametrize(("scale", "factor", "east", "remark"), [
    (1.0, 0.001, 10.0, "Scale and factors make 1, 1, 1"),
    (0.001, 0.001, 10.0, "factors 0.001, 0.001, 0.001 do not fit the units either"),
    (0.001, 0.9999, 9.999, "Scale and factors make 0.9999"),
])
def test_factors_are_weighed_together_with_the_scale(rd: Frame, scale: float, factor: float, east: float,
                                                     remark: str) -> None:
    """A file in millimetres whose conversion carries the unit in Scale, in the factors, or in both."""
    said = _said(_conversion(scale=scale, factors=(factor, factor, factor)), unit_m=0.001)
    placed = place(said, rd)
    assert rd.world(placed.pose.apply([[10.0, 0.0, 0.0]]))[0, 0] == pytest.approx(84975 + east)
    assert remark in placed.notes[0].text


def test_map_scale_factor_is_applied(rd: Frame) -> None:
    placed = place(_said(_conversion(scale=0.9996)), rd)
    assert rd.world(placed.pose.apply([[100.0, 0.0, 0.0]]))[0, 0] == pytest.approx(84975 + 99.96)
    assert "map scale factor of 0.9996" in placed.notes[0].text


def test_eastings_in_the_files_millimetres(rd: Frame) -> None:
    placed = place(_said(_conversion(east=84975e3, north=447519e3, height=1e3, scale=1.0), unit_m=0.001), rd)
    assert rd.world(placed.pose.apply([[0.0, 0.0, 0.0]]))[0] == pytest.approx([84975, 447519, 1.0])
    assert "read in the file's unit" in placed.notes[0].text


def test_two_conversions_that_disagree(rd: Frame) -> None:
    first, second = place(_said(_conversion(), _conversion(east=84978.0, north=447523.0)), rd).notes
    assert first.used
    assert not second.used
    assert second.conflict_m == pytest.approx(5.0)


def test_georeferenced_twice(rd: Frame) -> None:
    """Map coordinates in the placements and the same again in the conversion: the placements stand."""
    placed = place(_said(_conversion(), anchor=(84975.0, 447519.0, 0.0)), rd)
    assert [note.used for note in placed.notes] == [False, True]
    assert placed.notes[1].kind == "baked"
    assert rd.world(placed.pose.apply([[84975.0, 447519.0, 2.0]]))[0] == pytest.approx([84975, 447519, 2.0])


def test_georeferenced_twice_in_millimetres(rd: Frame) -> None:
    """The conversion's metres, read as millimetres, would move the building by 455 m only: they are not."""
    placed = place(_said(_conversion(scale=0.001, map_unit_m=1.0), anchor=(84975.0, 447519.0, 0.0), unit_m=0.001), rd)
    assert [note.used for note in placed.notes] == [False, True]
    assert rd.world(placed.pose.apply([[84975.0, 447519.0, 0.0]]))[0, :2] == pytest.approx([84975, 447519])


def test_another_crs_turns_the_building_with_its_grid(delft: Frame) -> None:
    """UTM north and RD north differ in Delft; two points transformed one by one are the oracle."""
    utm = _conversion(crs="EPSG:25831", vertical="", east=593760.0, north=5763000.0, abscissa=1.0)
    placed = place(_said(utm), delft)
    ends = delft.enter([[593760.0, 5763000.0], [593860.0, 5763000.0]], "EPSG:25831")
    got = placed.pose.apply([[0.0, 0.0, 0.0], [100.0, 0.0, 0.0]])[:, :2]
    assert got[0] == pytest.approx(ends[0], abs=1e-3)
    assert got[1] == pytest.approx(ends[1], abs=0.06)  # the building keeps its metres, UTM's are 0.04 % short
    assert np.linalg.norm(got[1] - got[0]) == pytest.approx(100.0)
    assert abs(placed.pose.rotation_deg) > 0.5


def test_latitude_places_and_true_north_turns(delft: Frame) -> None:
    lon, lat = delft.lon_lat([[-25.0, -481.0]])[0]
    said = _said(lat_lon=(float(lat), float(lon)), ref_elevation_m=1.5,
                 true_north=(math.sin(math.radians(-30)), math.cos(math.radians(-30))))
    placed = place(said, delft)
    assert placed.pose.target == pytest.approx((-25.0, -481.0, 1.5), abs=1e-3)
    assert placed.pose.rotation_deg == pytest.approx(-30 + delft.convergence_deg((-25.0, -481.0)), abs=1e-3)


def test_default_latitude_yields_to_the_scene(rd: Frame) -> None:
    lon, lat = rd.lon_lat([[5000.0, 0.0]])[0]
    said = _said(lat_lon=(float(lat), float(lon)))
    placed = place(said, rd, placement=Placement(easting=84975, northing=447519, elevation=2.0, rotation_deg=10))
    assert [(note.kind, note.used) for note in placed.notes] == [("site_latlon", False), ("scene_placement", True)]
    assert placed.notes[0].conflict_m == pytest.approx(5050, abs=20)


def test_placement_is_not_needed_where_the_file_speaks(rd: Frame) -> None:
    placed = place(_said(_conversion()), rd, placement=Placement(easting=84975, northing=447520, elevation=1.0))
    assert [note.used for note in placed.notes] == [True, False]
    assert placed.notes[1].conflict_m == pytest.approx(1.0)


@pytest.mark.data
@pytest.mark.parametrize(("name", "crs", "near", "kind", "remark"), [
    ("pass-grf000-correct_georeferencing", "EPSG:31467+7837", (3458715.92, 5439966.65), "map_conversion", "units"),
    ("fail-grf005-metre_millimetre_scale_empty_1", "EPSG:25832+7837", (458657.3, 5438232.25), "map_conversion",
     "no Scale is given although the units ask for 0.001: the units decide"),
    ("fail-grf001-ifcmapconversion_ifcmapconversion_non_identical", "EPSG:3857+5773", (316131.64, 5690966.11),
     "map_conversion", ""),
    ("pass-grf001-ifcrigidoperation_ifcrigidoperation", "EPSG:3857+5773", (35010.0, 1560.0), "rigid_operation", ""),
    ("fail-grf002-invalid_epsg_code", "EPSG:3857+5773", (316131.64, 5690966.11), "map_conversion",
     'the CRS name "EPSG:1234" is unknown: the scene\'s is taken'),
    ("fail-grf002-invalid_epsg_code_invalid_string", "EPSG:3857+5773", (316131.64, 5690966.11), "map_conversion",
     'the CRS name "3857" is read as EPSG:3857'),
    ("fail-grf002-no_espg_code", "EPSG:3857+5773", (316131.64, 5690966.11), "map_conversion",
     "no CRS is named: the scene's is taken"),
    ("pass-grf005-compound_crs", "EPSG:5684+5783", (4468005.0, 5334600.0), "map_conversion", ""),
    ("pass-grf006-valid_wkt_specification", "EPSG:3065+5214", (0.0, 0.0), "rigid_operation", ""),
    ("fail-grf006-wkt_in_name_but_no_specification", "EPSG:3065+5214", (0.0, 0.0), "rigid_operation",
     'the CRS name "WKT" is unknown: the scene\'s is taken'),
])
def test_cases_of_buildingsmart(
    shared_data: Path, name: str, crs: str, near: tuple[float, float], kind: str, remark: str
) -> None:
    frame = Frame.near(crs, near)
    placed = _case(shared_data / "ifc" / "georef_cases" / f"{name}.ifc", frame)
    used = next(note for note in placed.notes if note.used)
    assert used.kind == kind
    assert remark in used.text
    origin = frame.world(placed.pose.apply([[0.0, 0.0, 0.0]]))[0, :2]
    assert origin == pytest.approx(near, abs=0.01)


@pytest.mark.data
@pytest.mark.parametrize(("name", "remark"), [
    ("pass-grf005-scaled_foot_to_metre", "Scale 0.3048006 is written the other way round: the units decide"),
    ("fail-grf005-scaled_foot_to_metre", "Scale 0.3046 does not fit the units"),
])
def test_feet_on_the_map(shared_data: Path, name: str, remark: str) -> None:
    foot = 0.3048006096012192
    east, north = 316131.64 * foot, 5690966.11 * foot
    frame = Frame.near("EPSG:32139+5703", (east, north))  # the same projection in metres
    placed = _case(shared_data / "ifc" / "georef_cases" / f"{name}.ifc", frame)
    assert remark in placed.notes[0].text
    assert frame.world(placed.pose.apply([[0.0, 0.0, 0.0]]))[0, :2] == pytest.approx([east, north], abs=0.01)
    assert placed.pose.scale == (1.0, 1.0, 1.0)


FOOT = 1200.0 / 3937.0


@pytest.mark.parametrize(("crs", "map_unit", "height", "expected"), [
    ("EPSG:2263+6360", None, 100.0, 100.0 * FOOT),         # both in US survey feet
    ("EPSG:2263+6360", FOOT, 100.0, 100.0 * FOOT),
    ("EPSG:2263+8228", None, 100.0, 30.48),                # heights in international feet, map in US survey feet
    ("EPSG:2263+5703", None, 30.0, 30.0),                  # heights in metres, map in US survey feet
    ("EPSG:2263+5703", FOOT, 100.0, 100.0 * FOOT),         # a stated MapUnit holds for all axes
    ("EPSG:32118+6360", None, 100.0, 100.0 * FOOT),        # map in metres, heights in feet
])
def test_heights_have_their_own_unit(crs: str, map_unit: float | None, height: float, expected: float) -> None:
    """New York in feet, against the same projection and datum in metres; the file itself is in metres."""
    frame = Frame.near("EPSG:32118+5703", (300000.0, 60000.0))
    per_m = 1.0 if crs.startswith("EPSG:32118") else 1.0 / FOOT
    conversion = _conversion(crs=crs, vertical="", east=300000.0 * per_m, north=60000.0 * per_m, height=height,
                             map_unit_m=map_unit, scale=per_m)
    placed = place(_said(conversion), frame)
    world = frame.world(placed.pose.apply([[0.0, 0.0, 0.0], [10.0, 0.0, 3.0]]))
    assert world[0] == pytest.approx([300000.0, 60000.0, expected], abs=2e-3)
    assert world[1] == pytest.approx([300010.0, 60000.0, expected + 3.0], abs=2e-3)


@pytest.mark.data
def test_cases_without_a_place(shared_data: Path, rd: Frame) -> None:
    folder = shared_data / "ifc" / "georef_cases"
    with pytest.raises(InputError, match="does not say where it stands"):
        _case(folder / "na-grf005-no_map_conversion.ifc", rd)
    with pytest.raises(InputError, match=r"km from the scene \(IfcSite latitude 49\.09"):
        _case(folder / "fail-grf003-scenario01-building_without_georeferencing.ifc", rd)


@pytest.mark.data
@pytest.mark.parametrize("path", ["fail-ifc101-IFC4X3", "fail-pjs001-scenario01-furlong_ifc4x3",
                                  "fail-pjs001-scenario02-ft_ifc2x3", "fail-pjs003-invalid_length_ifcsite",
                                  "na-pjs000-project_absent", "pass-pjs001-ft_ifc2x3",
                                  "pass-pjs001-us_survey_foot_ifc4x3"])
def test_cases_without_a_building(shared_data: Path, path: str) -> None:
    source = shared_data / "ifc" / "unit_and_header_cases" / f"{path}.ifc"
    wanted = r"neither an IfcBuilding nor building elements|missing"
    with opened(source) as file, pytest.raises(InputError, match=wanted):
        extract(load(file), source.name)
