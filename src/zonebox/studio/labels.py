"""Words of the application's panels, in English and Chinese."""

from __future__ import annotations

from typing import Final

from zonebox.words import Language

_LABELS: Final[dict[str, tuple[str, str]]] = {
    "layers": ("Layers", "图层"),
    "findings": ("Findings", "检查结果"),
    "findings_none": ("Nothing was found.", "没有检查结果。"),
    "search": ("Parcel number", "地块编号"),
    "no_parcel": ("no such parcel", "没有该地块"),
    "variant": ("Variant", "方案"),
    "as_planned": ("As planned", "现方案"),
    "view": ("View", "视角"),
    "overview": ("Overview", "总览"),
    "plan": ("Plan", "平面"),
    "south-west": ("From the south-west", "自西南"),
    "south-east": ("From the south-east", "自东南"),
    "north-east": ("From the north-east", "自东北"),
    "north-west": ("From the north-west", "自西北"),
    "language": ("中文", "English"),
    "selection": ("Selection", "所选"),
    "nothing": ("Click a finding, a red part or a parcel.", "点击检查结果、红色部分或地块。"),
    "value": ("Value", "实测值"),
    "limit": ("Limit", "限值"),
    "margin": ("Margin", "余量"),
    "clause": ("Clause", "条款"),
    "reason": ("How", "说明"),
    "cure": ("Cure", "整改"),
    "place": ("Place (E, N, H)", "位置（E, N, H）"),
    "elements": ("IFC elements", "IFC 构件"),
    "storey": ("Storey", "楼层"),
    "parcel": ("Parcel", "地块"),
    "use": ("Land use", "用地性质"),
    "area": ("Site area", "用地面积"),
    "volume": ("Envelope above ground", "控规盒子体积"),
    "top": ("Top of the envelope", "盒顶标高"),
    "capacity": ("Floor area it can hold", "可容建筑面积"),
    "far": ("Floor area ratio used / allowed", "容积率 已用 / 允许"),
    "binding": ("What binds", "控制因素"),
    "up": ("upward", "向上"),
    "none": ("nothing", "无"),
    "what_if": ("What if", "假设调整"),
    "pick_parcel": ("Choose a parcel to change its controls.", "选择地块以调整其指标。"),
    "design": ("Design", "设计方案"),
    "east_m": ("East, m", "向东（米）"),
    "north_m": ("North, m", "向北（米）"),
    "up_m": ("Up, m", "升高（米）"),
    "turn_deg": ("Turn, degrees", "旋转（度）"),
    "undo": ("Undo", "撤销"),
    "redo": ("Redo", "重做"),
    "keep": ("Keep as variant", "保留为方案"),
    "name": ("Name", "名称"),
    "export": ("Export scene and rules", "导出场景与规则"),
    "exported": ("Written: {files}", "已写出：{files}"),
    "totals": ("All envelopes {volume} m³, room for {area} m² of floor",
               "全部盒子 {volume} m³，可容 {area} m² 建筑面积"),
    "tools": ("Tools", "工具"),
    "measure": ("Measure: click two points", "测量：点击两点"),
    "distance": ("{d:.2f} m, level {l:.2f} m, rise {r:+.2f} m", "{d:.2f} 米，水平 {l:.2f} 米，高差 {r:+.2f} 米"),
    "above": ("{h:.2f} m above the ground", "距地面 {h:.2f} 米"),
    "section": ("Section", "剖切"),
    "section_none": ("No section", "不剖切"),
    "section_ns": ("Look north", "向北看"),
    "section_we": ("Look east", "向东看"),
    "offset": ("Position, m", "位置（米）"),
    "clip_storey": ("Cut above storey", "楼层剖切"),
    "all_storeys": ("All storeys", "全部楼层"),
    "sun": ("Sun", "日照阴影"),
    "month": ("Month", "月"),
    "day": ("Day", "日"),
    "hour": ("Hour, true solar time", "时（真太阳时）"),
    "sun_state": ("altitude {a:.1f}°, bearing {b:.1f}°", "高度角 {a:.1f}°，方位角 {b:.1f}°"),
    "sun_down": ("the sun is below the horizon", "太阳在地平线以下"),
}


def label(key: str, lang: Language, **fields: object) -> str:
    """Return a label in a language.

    >>> label("undo", "zh"), label("above", "en", h=2.5)
    ('撤销', '2.50 m above the ground')
    """
    return _LABELS[key][lang == "zh"].format(**fields)


def labels(lang: Language) -> dict[str, str]:
    """Return every label without fields, for a page."""
    return {key: both[lang == "zh"] for key, both in _LABELS.items() if "{" not in both[0]}
