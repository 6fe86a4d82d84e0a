"""The values everything else speaks in: frozen, keyword-only, named by the field's own words.

A `Plan` holds `Parcel` and `Control`; a `ControlEnvelope` is what a control leaves of the space over a parcel; a
`Building` comes from IFC or a city model, a `Terrain` from LiDAR; all of them meet in a `Scene`, and checking a scene
gives a `Report` of `Finding`.
"""

from zonebox.geometry.edgewise import Corner
from zonebox.model.area_rule import AreaRule, StoreyMultiplier
from zonebox.model.building import Building, Element, FloorArea, GeoreferenceNote, Space, Storey
from zonebox.model.control import (
    Authority,
    Control,
    Datum,
    EdgeSelector,
    Kind,
    SetbackTable,
    Severity,
    Slant,
)
from zonebox.model.demand import Access, BuildTo, Demand, Parking, Projection, Spacing, Uses
from zonebox.model.envelope import (
    Capacity,
    CapConstraint,
    CeilingConstraint,
    ClassEnvelope,
    ControlEnvelope,
    EdgeConstraint,
    Emptiness,
)
from zonebox.model.fileinfo import FieldUse, FileInfo, FileKind
from zonebox.model.finding import Cure, Finding, Report, State, StoreyMargin, Where
from zonebox.model.plan import ControlLine, Disagreement, Edge, EdgeRole, Parcel, Plan
from zonebox.model.scene import Scene, Source
from zonebox.model.surface import (
    Approach,
    Basin,
    FresnelLink,
    ObstacleSurfaces,
    OuterHorizontal,
    SolarFence,
    Surface,
    TakeOffClimb,
    ViewCorridor,
)
from zonebox.model.terrain import Pad, Terrain

__all__ = [
    "Access",
    "Approach",
    "AreaRule",
    "Authority",
    "Basin",
    "BuildTo",
    "Building",
    "CapConstraint",
    "Capacity",
    "CeilingConstraint",
    "ClassEnvelope",
    "Control",
    "ControlEnvelope",
    "ControlLine",
    "Corner",
    "Cure",
    "Datum",
    "Demand",
    "Disagreement",
    "Edge",
    "EdgeConstraint",
    "EdgeRole",
    "EdgeSelector",
    "Element",
    "Emptiness",
    "FieldUse",
    "FileInfo",
    "FileKind",
    "Finding",
    "FloorArea",
    "FresnelLink",
    "GeoreferenceNote",
    "Kind",
    "ObstacleSurfaces",
    "OuterHorizontal",
    "Pad",
    "Parcel",
    "Parking",
    "Plan",
    "Projection",
    "Report",
    "Scene",
    "SetbackTable",
    "Severity",
    "Slant",
    "SolarFence",
    "Source",
    "Space",
    "Spacing",
    "State",
    "Storey",
    "StoreyMargin",
    "StoreyMultiplier",
    "Surface",
    "TakeOffClimb",
    "Terrain",
    "Uses",
    "ViewCorridor",
    "Where",
]
