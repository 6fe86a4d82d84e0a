"""Fonts of this machine that can write the words of a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

CHINESE: Final = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSansSC-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/System/Library/Fonts/PingFang.ttc",
    "/System/Library/Fonts/Hiragino Sans GB.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/msyh.ttf",
    "C:/Windows/Fonts/simhei.ttf",
)
"""Usual places of a sans-serif font with Chinese, best first."""


def chinese_font() -> Path | None:
    """Find a font file that has Chinese; None where the machine has none."""
    for name in CHINESE:
        if Path(name).is_file():
            return Path(name)
    folders = [Path.home() / ".fonts", Path.home() / ".local/share/fonts"]
    if sys.platform == "darwin":
        folders.append(Path.home() / "Library/Fonts")
    names = {Path(name).name.lower() for name in CHINESE}
    found = [path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*"))
             if path.name.lower() in names]
    return found[0] if found else None
