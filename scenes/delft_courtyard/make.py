"""Draw the illustrative plan of the Delft courtyard and write it as parcels.geojson.

The lots are ours, drawn corner by corner so that they follow the real block: its streets, footpaths, rows of houses
and gardens. They are no cadastral parcels. Run ``python make.py [FOLDER]``; the same bytes come out every time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

NAME = "parcels.geojson"
CRS = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}

TOWER_LOT = "D-05"
TOWER_HEIGHT_LIMIT_M = 15.0
DESIGN_GROUND_M = 1.2
NARROW_LOT = "D-03"
ABSOLUTE_LOT = "D-12"
RECESSION_LOT = "D-10"
TIERS_LOT = "D-02"
PARK = "D-09"


class Lot(NamedTuple):
    """A lot: number, use, limits (None: the plan says nothing) and corners (E, N), counter-clockwise."""

    number: str
    use: str
    far: float | None
    coverage: float | None
    height_m: float | None
    green: float | None
    ground_m: float | None
    remark: str
    corners: tuple[tuple[float, float], ...]


LOTS = (
    Lot("D-01", "residential", 1.8, 0.60, 12.0, 0.20, 1.3, "houses on the north-west street", (
        (84924.5, 447525.9), (84938.5, 447507.0), (84953.9, 447518.6), (84939.7, 447537.2))),
    Lot("D-02", "mixed", 2.2, 0.65, 15.0, 0.15, 1.3, "houses and the passage into the court", (
        (84943.8, 447540.2), (84957.9, 447521.7), (84971.4, 447531.9), (84971.9, 447540.2), (84969.7, 447542.3),
        (84960.5, 447553.0), (84957.6, 447550.5))),
    Lot("D-03", "residential", 1.8, 0.60, 12.0, None, 1.3, "one house wide", (
        (84939.7, 447537.2), (84953.9, 447518.6), (84957.9, 447521.7), (84943.8, 447540.2))),
    Lot("D-04", "residential", 1.8, 0.60, 12.0, 0.20, 1.1, "houses on the canal, west of the court", (
        (84898.1, 447504.4), (84907.3, 447498.9), (84918.4, 447492.6), (84919.8, 447493.8), (84923.0, 447492.5),
        (84938.0, 447504.6), (84938.5, 447507.0), (84924.5, 447525.9), (84898.2, 447506.2))),
    Lot("D-05", "mixed", 1.2, 0.30, TOWER_HEIGHT_LIMIT_M, 0.40, DESIGN_GROUND_M, "the court, with the proposed tower", (
        (84965.0, 447499.5), (84993.2, 447519.3), (84971.9, 447540.2), (84971.4, 447531.9), (84957.9, 447521.7),
        (84953.9, 447518.6), (84938.5, 447507.0), (84938.0, 447504.6), (84942.1, 447507.9), (84943.6, 447506.0))),
    Lot("D-06", "mixed", 2.5, 0.70, 15.0, 0.10, 1.4, "corner house", (
        (84961.0, 447553.6), (84970.3, 447542.9), (84976.7, 447536.6), (84995.1, 447555.2), (84979.4, 447570.6),
        (84972.4, 447562.9))),
    Lot("D-07", "residential", 1.8, 0.60, 13.0, 0.20, 1.4, "houses on the north-east street", (
        (84976.7, 447536.6), (84993.3, 447520.4), (85011.6, 447539.1), (84995.1, 447555.2))),
    Lot("D-08", "residential", 1.8, 0.60, 13.0, 0.20, 1.4, "houses on the north-east street", (
        (84993.3, 447520.4), (84997.9, 447515.9), (85006.9, 447516.6), (85010.4, 447513.0), (85024.7, 447526.3),
        (85011.6, 447539.1))),
    Lot("D-09", "park", None, None, None, None, None, "walled garden, not to be built on", (
        (84994.9, 447509.6), (85010.1, 447491.7), (85033.0, 447508.0), (85020.8, 447521.0), (85010.6, 447511.9),
        (85006.7, 447515.6), (84998.9, 447514.2))),
    Lot("D-10", "residential", 1.0, 0.40, 10.0, 0.30, 1.2, "the south-east of the court", (
        (84965.0, 447499.5), (84984.9, 447493.6), (84994.5, 447500.4), (84990.3, 447506.1), (84997.0, 447512.8),
        (84996.0, 447514.0), (84997.1, 447515.4), (84993.2, 447519.3))),
    Lot("D-11", "residential", 2.0, 0.70, 12.0, 0.15, 1.1, "houses on the canal", (
        (84924.2, 447491.9), (84926.3, 447489.3), (84937.9, 447484.8), (84950.3, 447481.0), (84969.6, 447496.7),
        (84942.8, 447505.0), (84942.0, 447506.1))),
    Lot("D-12", "residential", 2.0, 0.70, 12.0, 0.15, 1.1, "houses on the canal", (
        (84950.3, 447481.0), (84963.1, 447477.1), (84976.0, 447487.5), (84982.3, 447492.8), (84969.6, 447496.7))),
)


def feature(lot: Lot) -> str:
    """Write one lot as a GeoJSON feature on one line."""
    ring = [[round(value, 3) for value in corner] for corner in (*lot.corners, lot.corners[0])]
    properties = {
        "parcel": lot.number, "land_use": lot.use, "far": lot.far, "coverage": lot.coverage,
        "height_m": lot.height_m, "green": lot.green, "design_ground_m": lot.ground_m, "remark": lot.remark,
    }
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})


def write(folder: Path) -> Path:
    """Write the plan into a folder and return its path."""
    head = f'{{"type": "FeatureCollection", "name": "parcels", "crs": {json.dumps(CRS)}, "features": [\n'
    path = folder / NAME
    path.write_bytes((head + ",\n".join(feature(lot) for lot in LOTS) + "\n]}\n").encode())
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
