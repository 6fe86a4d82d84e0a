"""Where a point cloud lies: what its header says, what the scene says, and whether the two agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zonebox.errors import FrameError
from zonebox.frame import Frame, known_crs, same_horizontal, settle_crs, short_label
from zonebox.frame.placing import likely_crs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Corner = tuple[float, float, float]

WKT: Final = 2112
"""Record number of a CRS as text (LAS 1.4 R15, §3.3)."""

MODEL, GEOGRAPHIC, PROJECTED, VERTICAL = 1024, 2048, 3072, 4096
"""GeoTIFF keys (OGC 19-008): model type, geographic, projected and vertical CRS code."""

USER_DEFINED: Final = 32767
FAR_M: Final = 100_000.0
"""A cloud farther than this from the scene is not about the scene."""

LAND_M: Final = (-500.0, 9000.0)
"""Land lies between these heights."""


def crs_in_header(records: Iterable[Any], where: str) -> str | None:
    """Return the CRS of LAS header records as code or WKT; None where they name none.

    WKT goes before GeoTIFF keys, because keys often say "user-defined" and leave the rest to text.

    Raises
    ------
    FrameError
        A CRS is named that PROJ does not know, or text and keys name two that differ.
    """
    ours = [record for record in records if record.user_id == "LASF_Projection"]
    text, keys = _in_text(ours, where), _in_keys(ours, where)
    if text is not None and keys is not None and not same_horizontal(text, keys):
        raise FrameError(where, got=f"two CRS in the header, {short_label(text)} as text and "
                         f"{short_label(keys)} as GeoTIFF keys",
                         want="one reference", then="find out which is right and correct the header")
    return text or keys


def _in_text(ours: Iterable[Any], where: str) -> str | None:
    for record in ours:
        text = str(getattr(record, "string", "")).strip("\0 \n") if record.record_id == WKT else ""
        if text:
            return known_crs(text, where=where)
    return None


def _in_keys(ours: Iterable[Any], where: str) -> str | None:
    for record in ours:
        keys = {key.id: key.value_offset for key in getattr(record, "geo_keys", ()) if not key.tiff_tag_location}
        horizontal = keys.get(GEOGRAPHIC if keys.get(MODEL) == 2 else PROJECTED, USER_DEFINED)
        vertical = keys.get(VERTICAL, USER_DEFINED)
        if 0 < horizontal < USER_DEFINED:
            height = f"+{vertical}" if 0 < vertical < USER_DEFINED else ""
            return known_crs(f"EPSG:{horizontal}{height}", where=where)
    return None


def source_crs(
    header: str | None, stated: str | None, frame: Frame, *, box: tuple[Corner, Corner], where: str
) -> tuple[str, tuple[str, ...]]:
    """Decide in which CRS a cloud is read, from its header and from what the scene states for it.

    Parameters
    ----------
    header, stated : str or None
        CRS in the file, and ``crs`` of ``[terrain]``.
    frame : Frame
        The scene's frame.
    box : (low, high)
        Corners of the cloud, in its own coordinates, where two references are compared.
    where : str
        The file.

    Returns
    -------
    crs : str
        To give to `Frame.enter`.
    notes : tuple of str
        What was assumed.

    Raises
    ------
    FrameError
        No CRS; two that contradict each other; heights that mean nothing in the scene.
    """
    if stated is not None:
        stated = known_crs(stated, where="terrain.crs")
    if header is None and stated is None:
        raise FrameError(where, got="no CRS in the header", want="the reference of its coordinates",
                         then=f'write [terrain] crs = "EPSG:…" in the scene, e.g. crs = "{frame.crs}"; they look like '
                         f"{likely_crs([*box[0][:2], *box[1][:2]])}")
    corners = np.array(box)
    return settle_crs(header, stated, frame, corners, where=where, key="[terrain] crs", noun="header")


def refuse_far_away(box: tuple[Corner, Corner], crs: str, frame: Frame, *, where: str) -> tuple[str, ...]:
    """Refuse a cloud whose box (in its own coordinates) lies nowhere near the scene.

    Returns
    -------
    tuple of str
        What to say where a part of it does not: stray points, which `within_reach` leaves out.

    Raises
    ------
    FrameError
        Coordinates outside the area of the CRS, or a hundred kilometres from the scene.
    """
    low, high = box
    outline = np.array([[low[0], low[1]], [high[0], low[1]], [low[0], high[1]], [high[0], high[1]]])
    placed = frame.enter(outline, crs, where=where)
    nearest = np.clip(0.0, placed.min(0), placed.max(0))
    distance = float(np.hypot(*nearest))
    if distance > FAR_M:
        centre = outline.mean(0)
        there = f"({centre[0]:,.0f}, {centre[1]:,.0f})"
        raise FrameError(where, got=f"coordinates around {there}, {distance / 1000:,.0f} km from the scene",
                         want=f"a cloud of the scene's place in {short_label(crs)}",
                         then="check the file's CRS, its units and the order of its axes")
    reach = float(np.hypot(*placed.T).max())
    said = f"{where}: its box reaches {reach / 1000:,.0f} km from the scene; points farther than "
    return () if reach <= FAR_M else (f"{said}{FAR_M / 1000:,.0f} km are left out",)


def within_reach(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points (n, 3) of the frame are about the scene."""
    return np.asarray(np.abs(points[:, :2]).max(1) <= FAR_M)


def all_within_reach(points: NDArray[np.float64]) -> bool:
    """Whether every point (n, 3) of the frame is about the scene; much faster than looking at each."""
    return not len(points) or float(max(points[:, :2].max(), -points[:, :2].min())) <= FAR_M


def refuse_absurd_heights(heights: NDArray[np.float64], crs: str, *, where: str) -> None:
    """Refuse a ground of heights (n,) that no land has.

    Raises
    ------
    FrameError
        Its middle height lies deeper or higher than any land.
    """
    middle = float(np.median(heights))
    if not LAND_M[0] <= middle <= LAND_M[1]:
        raise FrameError(where, got=f"ground at {middle:,.0f} m", want=f"heights in {short_label(crs)}",
                         then="check the unit of the heights, and write [terrain] crs")
