"""Length units: every case of buildingSMART, with the outcome its name states."""

from __future__ import annotations

from pathlib import Path

import pytest

from zonebox.errors import InputError
from zonebox_converters.ifc.header import load, opened
from zonebox_converters.ifc.units import length_unit

CASES = {
    "fail-ifc101-IFC4X3": (1.0, ""),
    "fail-pjs001-scenario01-furlong_ifc4x3": (201.168, "is none that IFC names"),
    "fail-pjs001-scenario02-ft_ifc2x3": (0.305, "is written as 0.305 m, but is 0.3048 m"),
    "na-pjs000-project_absent": (1.0, "no IfcProject"),
    "pass-pjs001-ft_ifc2x3": (0.3048, ""),
    "pass-pjs001-us_survey_foot_ifc4x3": (1200.0 / 3937.0, ""),
}
CUT = "fail-pjs003-invalid_length_ifcsite"


@pytest.mark.data
def test_every_case_is_tested(shared_data: Path) -> None:
    found = {path.stem for path in (shared_data / "ifc" / "unit_and_header_cases").glob("*.ifc")}
    assert found == {*CASES, CUT}


@pytest.mark.data
@pytest.mark.parametrize("name", CASES)
def test_the_unit_is_what_the_name_states(name: str, shared_data: Path) -> None:
    factor, remark = CASES[name]
    with opened(shared_data / "ifc" / "unit_and_header_cases" / f"{name}.ifc") as file:
        found, notes = length_unit(load(file))
        renamed = [note for note in file.notes if "IFC4X3" in note]
    assert found == pytest.approx(factor, rel=1e-9)
    assert bool(renamed) == (name == "fail-ifc101-IFC4X3")
    if name.startswith("pass") or not remark:
        assert notes == [] or "no unit" in notes[0]
    else:
        assert any(remark in note for note in notes), notes


@pytest.mark.data
def test_a_file_with_missing_entities_is_refused(shared_data: Path) -> None:
    source = shared_data / "ifc" / "unit_and_header_cases" / f"{CUT}.ifc"
    with opened(source) as file, pytest.raises(InputError, match="missing"):
        load(file)


@pytest.mark.data
def test_every_georeferencing_case_is_tested(shared_data: Path) -> None:
    text = Path(__file__).with_name("test_georeference.py").read_text(encoding="utf-8")
    names = [path.stem for path in (shared_data / "ifc" / "georef_cases").glob("*.ifc")]
    assert len(names) == 14
    assert [name for name in names if f'"{name}' not in text and f"{name}.ifc" not in text] == []
