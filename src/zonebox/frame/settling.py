"""In which CRS a file is read: what it declares, what the scene states, and whether the two agree."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from zonebox.errors import FrameError
from zonebox.frame.local_system import LOCAL
from zonebox.frame.metric import Frame
from zonebox.frame.references import has_vertical, is_geographic, same_horizontal, short_label

AGREE_M: Final = 0.01
"""Two references that put a point less than this apart are the same for our purpose."""


def settle_crs(
    declared: str | None, stated: str | None, frame: Frame, points: ArrayLike, *, where: str, key: str,
    noun: str = "file",
) -> tuple[str, tuple[str, ...]]:
    """Decide in which CRS data with heights is read, from what its file declares and what the scene states for it.

    Parameters
    ----------
    declared, stated : str or None
        CRS of the file and of the scene, normalised by `known_crs`.
    points : (n, 3)
        Places of the data, in its own coordinates, where two references are compared.
    where : str
        The file.
    key : str
        How the scene states a CRS for this file, e.g. ``[terrain] crs``.
    noun : str
        What declares the file's own.

    Returns
    -------
    crs : str
        To give to `Frame.enter`.
    notes : tuple of str
        What was assumed.

    Raises
    ------
    FrameError
        Two that contradict each other; heights that mean nothing in the scene.
    """
    if declared is not None and stated is not None and len(np.asarray(points)):
        size = 3 if has_vertical(declared) and has_vertical(stated) else 2
        one, other = (frame.enter(np.asarray(points)[..., :size], crs, where=where) for crs in (declared, stated))
        apart = float(np.linalg.norm(one - other, axis=-1).max())
        if apart > AGREE_M:
            both = f"{short_label(declared)} in the {noun} and {short_label(stated)} in the scene"
            raise FrameError(where, got=f"{both}, {apart:,.2f} m apart", want="one reference",
                             then=f"remove {key} if the {noun} is right, else correct the {noun}")
    chosen = next((c for c in (stated, declared) if c is not None and has_vertical(c)), stated or declared or "")
    if has_vertical(chosen):
        return chosen, ()
    if chosen == LOCAL or same_horizontal(chosen, frame.crs):
        assumed = f"they are taken as {frame.vertical_label}, the scene's datum"
        return chosen, (f"{where}: {short_label(chosen)} says nothing about heights; {assumed}",)
    degrees = " in degrees" if is_geographic(chosen) else ""
    raise FrameError(where, got=f"{short_label(chosen)}{degrees} without a vertical datum",
                     want=f"heights that can be brought to {frame.vertical_label}",
                     then=f'write {key} = "EPSG:horizontal+vertical", or reproject the file to the scene\'s CRS')
