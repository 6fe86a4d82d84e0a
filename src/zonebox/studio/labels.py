"""Words of the application's panels, in English and Chinese."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from zonebox.words import Language

if TYPE_CHECKING:
    from zonebox.studio.tools import SunPosition

_LABELS: Final[dict[str, tuple[str, str]]] = {
    "layers": ("Layers", "图层"),
    "findings": ("Findings", "检查结果"),
    "findings_none": ("Nothing was found.", "没有检查结果。"),
    "search": ("Parcel number", "地块编号"),
    "no_parcel": ("no such parcel", "没有该地块"),
    "variant": ("Variant", "方案"),
    "as_planned": ("As planned", "现方案"),
    "trial": ("This trial", "当前试算"),
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
    "shared": ("Everybody who opens this page shares it: what one changes, all see.",
               "所有打开本页的人共用同一界面：一人修改，人人可见。"),
    "mark_middle": ("Mark the middle", "标记画面中央"),
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
    "help": ("Keys", "按键"),
    "above_more": ("… {n} more above", "… 上方还有 {n} 条"),
    "below_more": ("… {n} more below", "… 下方还有 {n} 条"),
    "walk": ("Walk", "步行"),
    "forward": ("Step forward", "前进"),
    "back": ("Step back", "后退"),
    "turn_left": ("Turn left", "左转"),
    "turn_right": ("Turn right", "右转"),
    "note_picked": ("On what was clicked last, not in the middle", "批注在最近点击处（否则在画面中央）"),
    "save_view": ("Keep view", "保存视角"),
    "saved_view": ("View {n}", "视角 {n}"),
    "by_height": ("Ground coloured by height", "地形按高程着色"),
    "clear": ("Clear measurements", "清除测量"),
    "notes": ("Notes", "批注"),
    "note_here": ("Write a note", "添加批注"),
    "note_text": ("Note", "批注内容"),
    "author": ("Author", "作者"),
    "export_bcf": ("Export BCF", "导出 BCF"),
    "compare": ("Side by side with", "并排对比"),
    "compare_none": ("Not side by side", "不并排"),
    "parts": ("Storeys and elements", "楼层与构件"),
    "height_key": ("ground {z:.1f} m", "地面 {z:.1f} 米"),
    "keys": (("Up / Down: finding before, next\nEnter: fly there\nO overview, P plan, V next corner\n"
             "W walk: arrow keys step and turn\n1–7 layers\nU undo, Y redo, K keep as variant\n"
             "X section, [ and ] shift it\nM measure two points (Enter: the middle)\n"
             "T next hour of sun\nC cut above next storey\n"
             "D beside: next variant at the right\nE ground by height\nB keep view, N write a note\n"
             "/ search a parcel\nL 中文 / English\n"
             "Tab: next tab of the panel\nS / Shift+S next, previous slider\n"
             "Left / Right one step, Page Up / Down ten\n= type its number\nQ quit"),
             ("上 / 下：上一条、下一条结果\n回车：飞到该处\nO 总览，P 平面，V 下一角度\nW 步行：方向键前进与转向\n"
             "1–7 图层\nU 撤销，Y 重做，K 保留为方案\nX 剖切，[ 与 ] 移动剖面\nM 两点测量（回车：画面中央）\n"
              "T 下一小时日照\n"
             "C 下一楼层剖切\nD 并排对比下一方案\nE 地形按高程\nB 保存视角，N 添加批注\n/ 搜索地块\nL 中文 / English\n"
             "Tab：下一个面板\nS / Shift+S：下一个、上一个滑块\n左 / 右：一步，Page Up / Down：十步\n"
             "=：输入数值\nQ 退出")),
    "sun_down": ("the sun is below the horizon", "太阳在地平线以下"),
}


def label(key: str, lang: Language, **fields: object) -> str:
    """Return a label in a language.

    >>> label("undo", "zh"), label("above", "en", h=2.5)
    ('撤销', '2.50 m above the ground')
    """
    return _LABELS[key][lang == "zh"].format(**fields)


def sun_words(sun: SunPosition | None, lang: Language) -> str:
    """Say where the sun stands; nothing where it was not set."""
    if sun is None:
        return ""
    if sun.altitude_deg <= 0.0:
        return label("sun_down", lang)
    return label("sun_state", lang, a=sun.altitude_deg, b=round(sun.bearing_deg, 1) % 360.0)


def labels(lang: Language) -> dict[str, str]:
    """Return every label without fields, for a page."""
    return {key: both[lang == "zh"] for key, both in _LABELS.items() if "{" not in both[0]}
