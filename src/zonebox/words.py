"""Every word of the interface, in English and Chinese: one catalogue for the terminal, pictures and pages."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")

_CATALOGUE: Final[Mapping[str, tuple[str, str]]] = {
    # states
    "PASS": ("pass", "符合"),
    "MARGINAL": ("marginal", "临界"),
    "FAIL": ("FAIL", "不符合"),
    "NOT_CHECKED": ("not checked", "未检查"),
    # steps
    "step.plan": ("plan", "读取规划"),
    "step.terrain": ("terrain", "地形"),
    "step.context": ("context", "现状建筑"),
    "step.designs": ("designs", "设计方案"),
    "step.envelopes": ("envelopes", "控规盒子"),
    "step.checks": ("checks", "检查"),
    "step.tiles": ("3D Tiles", "三维瓦片"),
    "step.picture": ("picture", "效果图"),
    # table
    "table.title": ("Checks", "检查结果"),
    "parcel": ("parcel", "地块"),
    "design": ("design", "方案"),
    "control": ("control", "控制项"),
    "limit": ("limit", "限值"),
    "value": ("value", "实际值"),
    "margin": ("margin", "余量"),
    "verdict": ("verdict", "结论"),
    "remark": ("remark", "说明"),
    # checks
    "check.height": ("height", "建筑高度"),
    "check.height_abs": ("elevation", "绝对高程"),
    "check.setback": ("setback", "后退"),
    "check.proportional": ("distance by height", "按高后退"),
    "check.recession": ("inclined plane", "斜面"),
    "check.containment": ("inside envelope", "控规盒子内"),
    "check.coverage": ("coverage", "建筑密度"),
    "check.far": ("floor area ratio", "容积率"),
    "check.green": ("green ratio", "绿地率"),
    "check.envelope_empty": ("empty envelope", "无可建空间"),
    "check.parcel": ("parcel", "所在地块"),
    "edge": ("edge", "边"),
    # roles
    "role.front": ("front", "正面"),
    "role.street": ("street", "临街"),
    "role.street_side": ("side street", "侧街"),
    "role.side": ("side", "侧界"),
    "role.rear": ("rear", "后界"),
    "role.interior": ("inner", "内界"),
    # understood
    "understood.title": ("Understood", "读取结果"),
    "understood.crs": ("horizontal", "平面坐标系"),
    "understood.vertical": ("heights", "高程基准"),
    "understood.shift": ("to the ellipsoid", "椭球高改正"),
    "understood.units": ("units", "单位"),
    "understood.metres": ("metres, square metres", "米、平方米"),
    "understood.fields": ("fields", "字段"),
    "understood.roles": ("edge roles", "边的类型"),
    "understood.parcels": ("parcels", "地块"),
    "understood.terrain": ("terrain", "地形"),
    "understood.designs": ("designs", "方案"),
    "understood.context": ("context", "现状"),
    "understood.counts": ("{} ({} buildable), {} controls", "{} 个（可建设 {} 个），控制项 {} 条"),
    "understood.tin": ("{:,} ground points, {:,} triangles, error ≤ {:.3f} m (RMS {:.3f} m)",
                       "地面点 {:,} 个，三角形 {:,} 个，误差 ≤ {:.3f} 米（中误差 {:.3f} 米）"),
    "understood.design": ("{}: {} elements, {} storeys; {}", "{}：构件 {} 个，楼层 {} 个；{}"),
    "understood.buildings": ("{} buildings", "{} 栋"),
    "understood.note": ("note", "注意"),
    # closing
    "outputs": ("Outputs", "输出"),
    "out.report": ("report", "报告"),
    "out.tiles": ("3D Tiles", "三维瓦片"),
    "out.picture": ("picture", "效果图"),
    "out.run": ("run record", "运行记录"),
    "interrupted": ("interrupted; nothing written was damaged, and a rerun goes on from the cache",
                    "已中断；已有输出未受损，重新运行将从缓存继续"),
}


def word(key: str, lang: Language = "en") -> str:
    """Look up an interface word.

    >>> word("FAIL", "zh")
    '不符合'
    """
    return _CATALOGUE[key][LANGUAGES.index(lang)]


def default_language() -> Language:
    """Language of the user's locale, where we speak it; else English."""
    found = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or locale.getlocale()[0]
    return "zh" if str(found or "").lower().startswith(("zh", "chinese")) else "en"
