"""Property sets of an envelope in IFC: the standard one of sites, measures, and every control with its clause."""

from __future__ import annotations

from typing import Final

from zonebox.geometry.mesh import volume_m3
from zonebox.model import Kind, Scene
from zonebox_converters.exchange.sheets import Rule, Sheet

Value = tuple[str, str | float | bool]
"""Measure type of IFC and the value."""

SITE: Final = "Pset_SiteCommon"
ENVELOPE: Final = "Zonebox_ControlEnvelope"
CONTROLS: Final = "Zonebox_Controls"

_MEASURES: Final = {
    Kind.HEIGHT: "IfcLengthMeasure", Kind.HEIGHT_ABSOLUTE: "IfcLengthMeasure", Kind.HEIGHT_MIN: "IfcLengthMeasure",
    Kind.STOREYS: "IfcReal", Kind.FAR: "IfcRatioMeasure", Kind.COVERAGE: "IfcRatioMeasure",
    Kind.GREEN: "IfcRatioMeasure",
}


def sets(sheet: Sheet, scene: Scene) -> dict[str, dict[str, Value]]:
    """Name of a property set -> name of a property -> its value; a value that is unknown is left out."""
    made = {SITE: _site(sheet), ENVELOPE: _envelope(sheet, scene), CONTROLS: _controls(sheet)}
    return {name: values for name, values in made.items() if values}


def _site(sheet: Sheet) -> dict[str, Value]:
    stated = {
        "BuildableArea": ("IfcAreaMeasure", sheet.buildable_m2),
        "SiteCoverageRatio": ("IfcPositiveRatioMeasure", sheet.limit(Kind.COVERAGE)),
        "FloorAreaRatio": ("IfcPositiveRatioMeasure", sheet.limit(Kind.FAR)),
        "BuildingHeightLimit": ("IfcPositiveLengthMeasure", sheet.height_m),
        "TotalArea": ("IfcAreaMeasure", sheet.parcel.area_m2),
    }
    return {name: (kind, float(value)) for name, (kind, value) in stated.items()
            if value is not None and (value > 0.0 or "Positive" not in kind)}


def _envelope(sheet: Sheet, scene: Scene) -> dict[str, Value]:
    envelope = sheet.envelope
    values: dict[str, Value] = {
        "Parcel": ("IfcIdentifier", sheet.parcel.id),
        "Volume": ("IfcVolumeMeasure", float(envelope.volume_m3)),  # above the ground reference
        "SolidVolume": ("IfcVolumeMeasure", volume_m3(envelope.solid)),  # of the body, which starts at its base
        "Footprint": ("IfcAreaMeasure", float(envelope.footprint_m2)),
        "BaseElevation": ("IfcLengthMeasure", float(envelope.base_m)),
        "TopElevation": ("IfcLengthMeasure", float(envelope.top_m)),
        "GroundElevation": ("IfcLengthMeasure", float(envelope.ground_m)),
        "GroundSource": ("IfcText", envelope.ground_source),
        "VerticalDatum": ("IfcText", f"{scene.frame.vertical} {scene.frame.vertical_label}"),
        "IsEmpty": ("IfcBoolean", envelope.empty is not None),
    }
    if envelope.capacity is not None:
        values["LargestFloorAreaRatio"] = ("IfcRatioMeasure", float(envelope.capacity.far_max))
        values["Binding"] = ("IfcLabel", envelope.capacity.binding)
    if envelope.empty is not None:
        values["WhyEmpty"] = ("IfcText", envelope.empty.reason)
    if envelope.notes:
        values["Notes"] = ("IfcText", "; ".join(envelope.notes))
    return values


def _controls(sheet: Sheet) -> dict[str, Value]:
    """Flat names, ``street-setback.Removed``, since most programs show no nested properties."""
    values: dict[str, Value] = {}
    for rule in sheet.rules:
        values |= {f"{rule.name}.{key}": value for key, value in _control(rule).items()}
    return values


def _control(rule: Rule) -> dict[str, Value]:
    values: dict[str, Value] = {"Rule": ("IfcText", rule.text)}
    measure = _MEASURES.get(rule.control.kind)
    if rule.control.limit is not None and measure is not None:
        values["Limit"] = (measure, float(rule.control.limit))
    values["Clause"] = ("IfcText", rule.clause)
    values["Severity"] = ("IfcLabel", str(rule.control.severity))
    if rule.removed_m3 is not None:
        values["Removed"] = ("IfcVolumeMeasure", float(rule.removed_m3))
    return values
