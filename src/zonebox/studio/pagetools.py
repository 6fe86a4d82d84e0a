"""What a browser does beside selecting and trying: walk, keep views, write notes, colour the ground, compare variants.

Each answer may be a view to go to; `state` is what the page shows of these tools.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError
from zonebox.studio.compare import Comparison
from zonebox.studio.desk import Desk
from zonebox.studio.labels import label
from zonebox.studio.marks import AUTHOR
from zonebox.viewer.camera import View

BCF_FILE: Final = "findings-and-notes.bcfzip"
NONE: Final = ""
VARIANT: Final = "variant:"
"""Before the name of a variant in the list of what may stand at the right: the scene as planned has an empty name."""


class PageTools:
    """The tools of a page on its desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.comparison = desk, Comparison(desk)

    def walk(self, forward_m: float = 0.0, turn_deg: float = 0.0) -> View:
        """Stand at eye level, or step and turn there."""
        return self.desk.walk(float(forward_m), float(turn_deg))

    def save_view(self, name: str = "") -> None:
        """Keep the camera."""
        self.desk.save_view(name or "")

    def recall(self, name: str) -> View:
        """Go to a camera that was kept."""
        return self.desk.recall(name)

    def by_height(self) -> None:
        """Colour the ground by its height, or as a map again."""
        self.desk.colour_by_height(on=not self.desk.by_height)

    def note(self, text: str, author: str = "", picked: object = False) -> None:
        """Pin a note to what was clicked last, or to the middle of the picture."""
        self.desk.annotate(text or "", author=author or "", picked=bool(picked))

    def mark(self) -> None:
        """Mark what is in the middle of the picture, for measuring."""
        self.desk.mark(*self.desk.stage.middle_pixel())

    def beside(self, choice: str) -> None:
        """Show a variant at the right, or end it."""
        if choice and not choice.startswith(VARIANT):
            raise InputError("compare", got=f'"{choice}"', want="a variant of the list")
        self.comparison.show(choice.removeprefix(VARIANT) if choice else None)

    def bcf(self) -> bytes:
        """Return findings and notes as a BCF file."""
        with tempfile.TemporaryDirectory() as folder:
            return self.desk.write_bcf(Path(folder) / BCF_FILE).read_bytes()

    def click(self, x: float, y: float) -> bool:
        """Take a click in the right half, which chooses the parcel there; tell whether it was one."""
        parcel = self.comparison.pick(x, y)
        if parcel:
            self.desk.choose(parcel)
        return parcel is not None

    def resized(self) -> None:
        """Fit one picture or two into a window of another size."""
        self.comparison.again()
        self.desk.resize(self.desk.stage.size)

    def state(self) -> dict[str, Any]:
        """Say what the page shows of the tools."""
        desk, lang = self.desk, self.desk.lang
        beside = self.comparison.variant
        return {
            "walking": desk.stage.view.name == "walk", "saved": list(desk.saved), "by_height": desk.by_height,
            "remarks": [{"text": n.text, "author": n.author, "parcel": n.parcel, "id": n.guid}
                        for n in desk.annotations],
            "clicked": desk.seen[1] is not None,
            "beside": NONE if beside is None else VARIANT + beside,
            "besides": [{"title": label("compare_none", lang), "value": NONE},
                        *({"title": v or label("as_planned", lang), "value": VARIANT + v} for v in desk.variants)],
        }

    @staticmethod
    def start() -> dict[str, Any]:
        """Fields of the page at first."""
        return {"view_name": "", "note_text": "", "note_author": AUTHOR, "note_picked": False}
