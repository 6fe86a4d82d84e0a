"""Write the defective files of ``tests/defects/lidar``: one defect each, named by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converters.lidar.clouds import plane, write

FOLDER = Path(__file__).parents[2] / "defects" / "lidar"


def make(folder: Path) -> None:
    """Write all of them; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    ground = plane(8)
    write(folder / "no_crs.las", ground)
    write(folder / "no_points.las", np.zeros((0, 3)), horizontal=28992)
    write(folder / "one_point.las", ground[:1], horizontal=28992, vertical=5709)
    write(folder / "points_in_one_line.las", ground[:8], horizontal=28992, vertical=5709)
    write(folder / "no_ground.las", ground, np.where(np.arange(64) < 20, 5, 6), horizontal=28992, vertical=5709)
    write(folder / "all_noise.las", ground, 7, horizontal=28992, vertical=5709)
    write(folder / "all_one_class.las", plane(6), 1, horizontal=28992, vertical=5709)
    write(folder / "two_crs_in_one_header.las", ground, horizontal=28992, wkt="EPSG:28991", version="1.4")
    write(folder / "unknown_crs.las", ground, horizontal=29999)
    write(folder / "no_vertical_datum.las", ground - np.array([155_000.0, 463_000.0, 0.0]), horizontal=28991)
    write(folder / "header_contradicts_scene.las", ground, horizontal=28991)
    write(folder / "degrees.las", np.column_stack([4.36 + np.arange(64) * 1e-6, 52.01 + np.arange(64) % 8 * 1e-6,
                                                   np.ones(64)]), horizontal=4326, geographic=True, scale=1e-7)
    write(folder / "absurd_coordinates.las", ground + np.array([900_000.0, -900_000.0, 0.0]), horizontal=28992)
    write(folder / "axes_swapped.las", ground[:, [1, 0, 2]], horizontal=28992)
    (folder / "empty_file.las").write_bytes(b"")
    (folder / "text_file.las").write_bytes(b"x,y,z\n" + b"85000.0,447000.0,1.0\n" * 20)
    whole = write(folder / "cut_off.laz", plane(40), horizontal=28992, vertical=5709).read_bytes()
    (folder / "cut_off.laz").write_bytes(whole[: len(whole) * 2 // 3])
    whole = write(folder / "cut_off.las", plane(20), horizontal=28992, vertical=5709).read_bytes()
    (folder / "cut_off.las").write_bytes(whole[: len(whole) * 2 // 3])
    broken = bytearray(write(folder / "scale_is_no_number.las", ground, horizontal=28992).read_bytes())
    broken[131:139] = np.float64(np.nan).tobytes()                      # x scale factor, LAS 1.2 §2
    (folder / "scale_is_no_number.las").write_bytes(broken)


if __name__ == "__main__":
    make(FOLDER)
