"""What findings say in words, in English and Chinese: one catalogue for every check.

A sentence is put together in both languages at once, so that a report in either is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from zonebox.words import LANGUAGES, word


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence in both languages."""

    en: str = ""
    zh: str = ""

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.en)


NOTHING: Final = Said()

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "ground_unknown": ("the ground of the parcel is not known", "地块室外地面标高未知"),
    "reference_unknown": ("the ground reference ({datum}) of the parcel is not known", "地块起算面（{datum}）未知"),
    "no_geometry": ("the design has no geometry above ground", "方案在地面以上没有几何"),
    "no_envelope": (
        "the ground of the parcel is not known, so it has no envelope",
        "地块地面标高未知，无法生成控规盒子",
    ),
    "superseded": ("replaced by {other}", "被 {other} 替代"),
    # heights
    "height": ("height above {ground:.2f} m ({datum}) of {top}", "自 {ground:.2f} 米（{datum}）起算，量至{top}"),
    "elevation": ("elevation of {top}", "{top}的高程"),
    "storeys": ("{count:g} storeys of {height:g} m; ", "{count:g} 层、层高 {height:g} 米；"),
    "least_height": ("least height, to {top}", "最低高度，量至{top}"),
    "top.highest": ("the highest point", "最高点"),
    "top.no_storeys": (
        "the highest point (no storeys tell the roof from its plant)",
        "最高点（没有楼层信息，无法区分屋面与屋顶设备）",
    ),
    "top.no_outline": ("the highest point (no closed roof outline)", "最高点（没有闭合的屋面轮廓）"),
    "top.parapet": ("the parapet", "女儿墙顶"),
    "top.plant_counts": (
        "the highest point (what stands on the roof covers {share:.0%} of it, more than a quarter)",
        "最高点（屋顶突出物占屋面 {share:.0%}，超过四分之一）",
    ),
    "top.plant_left_out": (
        "the parapet (roof plant covers {share:.0%} of the roof and is left out)",
        "女儿墙顶（屋顶设备占屋面 {share:.0%}，不计入）",
    ),
    "top.quarter": (
        ("the level above which at most a quarter of the roof rises (above it {share:.1%} of the roof, up to "
         "{highest:.2f} m)"),
        "其上突出部分不超过屋面四分之一的高度（其上占屋面 {share:.1%}，最高至 {highest:.2f} 米）",
    ),
    "top.eave": ("the eaves (ridge at {ridge:.2f} m)", "檐口（屋脊 {ridge:.2f} 米）"),
    "top.ridge": ("the ridge (eaves at {eave:.2f} m)", "屋脊（檐口 {eave:.2f} 米）"),
    "top.mean": (
        "the mean of eaves and ridge ({eave:.2f} m and {ridge:.2f} m)",
        "檐口与屋脊的平均高度（{eave:.2f} 米与 {ridge:.2f} 米）",
    ),
    "top.flat": ("the flat roof, as there are no slopes", "平屋面（没有坡屋面）"),
    # setbacks
    "setback": (
        "distance to edge {edge} ({role}) at {height:.2f} m above the ground",
        "至边 {edge}（{role}）的距离，距地面 {height:.2f} 米处",
    ),
    "plane": (
        "height {distance:.2f} m inside edge {edge} ({role}), against the plane rising from it",
        "边 {edge}（{role}）以内 {distance:.2f} 米处的高度，对照自该边升起的斜面",
    ),
    "projections": ("{count} elements may project up to {depth:g} m", "{count} 个构件可突出不超过 {depth:g} 米"),
    "line": ("distance to the drawn line", "至控制线的距离"),
    "not_that_high": ("no part of the design stands that high", "方案没有达到该高度的部分"),
    "class": ("held to the class of its total height, {height:.2f} m", "按总高 {height:.2f} 米所属的分级"),
    "lowest": ("elevation of the lowest point", "最低点的高程"),
    # ceilings
    "surface_away": ("the surface does not reach this parcel", "该限制面不覆盖本地块"),
    "under_nothing": ("no part of the design stands under the ceiling", "方案没有位于该限制面之下的部分"),
    "under": ("height of the highest point against the {name} over it", "最不利点高度，对照其上方的{name}"),
    "study": ("what rises above this surface is for its authority to study", "超出该面须经主管部门专题研究"),
    "corridor": (
        "{share:.1%} of the sight lines blocked, first {distance:.0f} m from the eye",
        "遮挡视线 {share:.1%}，最近遮挡处距视点 {distance:.0f} 米",
    ),
    "no_build": ("plan area standing on no-build ground", "位于禁建范围内的投影面积"),
    "ceiling.zone": ("zone", "分区限高"),
    "ceiling.no-build": ("no-build ground", "禁建范围"),
    "ceiling.drawn line": ("drawn line", "控制线"),
    "ceiling.terrain-following": ("lifted ground", "随地形限高面"),
    "ceiling.conical": ("conical surface", "锥形面"),
    "ceiling.inner horizontal": ("inner horizontal surface", "内水平面"),
    "ceiling.approach": ("approach surface", "进近面"),
    "ceiling.take-off climb": ("take-off climb surface", "起飞爬升面"),
    "ceiling.outer horizontal": ("outer horizontal surface", "外水平面"),
    "ceiling.transitional": ("transitional surface", "过渡面"),
    "ceiling.other": ("ceiling", "限制面"),
    # containment
    "outside": ("volume outside the envelope, of {whole:.0f} m³", "盒外体积，方案总体积 {whole:.0f} 立方米"),
    "outside_share": (
        ", {share:.2%} of the design; deepest place {depth:.2f} m out",
        "，占 {share:.2%}；最深处超出 {depth:.2f} 米",
    ),
    "not_counted": (
        "what stands above {level:.2f} m does not count towards the height and is left out",
        "标高 {level:.2f} 米以上的部分不计入建筑高度，未参与比较",
    ),
    "let_project": (
        "{volume:.1f} m³ are projections that the setback allows",
        "其中 {volume:.1f} 立方米为允许的突出物",
    ),
    "by_surface": (
        "surface of the design against every limit; deepest place {depth:.2f} m out",
        "以方案表面逐一对照各项限制；最深处超出 {depth:.2f} 米",
    ),
    # how sound a model is
    "sound": ("the model is a closed solid", "模型为闭合实体"),
    "body.repaired": (
        "the model is not a clean solid ({what}) and was repaired",
        "模型不是干净的实体（{what}），已修复",
    ),
    "body.sampled": (
        "the model is not a clean solid ({what}); its volume is sampled, ±{u95:.1f} m³ at 95 %",
        "模型不是干净的实体（{what}）；体积由抽样得出，95% 置信 ±{u95:.1f} 立方米",
    ),
    "body.none": ("the model encloses no volume ({what})", "模型不围合任何体积（{what}）"),
    "dirt.open": ("{count} open edges", "{count} 条开放边"),
    "dirt.sheet": ("surfaces without thickness", "没有厚度的面"),
    "dirt.turned": ("faces that look inward", "有面朝内"),
    "dirt.crossing": ("parts that overlap or cross", "部件重叠或自相交"),
    # ratios
    "no_floor_area": ("the design states no storeys with floor area", "方案没有带面积的楼层"),
    "far": (
        "{area:.0f} m² of floor ({source}), counted {by}, on {site:.0f} m² of land",
        "计容建筑面积 {area:.0f} 平方米（{source}），{by}，用地 {site:.0f} 平方米",
    ),
    "far_once": ("each storey once, as the plan names no area rule", "各层计一次（规划未指明面积计算规则）"),
    "far_rule": ("by {rule}", "按 {rule}"),
    "far_weights": (": {weights}", "：{weights}"),
    "spread": ("; the sources differ by {spread:.0%}: {others}", "；各来源相差 {spread:.0%}：{others}"),
    "source_area": ("{source} {area:.0f} m²", "{source} {area:.0f} 平方米"),
    "size.area": ("{size:.0f} m²", "{size:.0f} 平方米"),
    "size.length": ("{size:.0f} m", "{size:.0f} 米"),
    "source.quantity": ("quantity", "工程量"),
    "source.spaces": ("spaces", "空间"),
    "source.section": ("section", "剖切"),
    "coverage": (
        "{area:.0f} m² of footprint {height:g} m above the ground on {site:.0f} m² of land",
        "距地面 {height:g} 米处基底面积 {area:.0f} 平方米，用地 {site:.0f} 平方米",
    ),
    "coverage_seen": (
        "; the outline is that of the design seen from above, as it cannot be cut",
        "；模型无法剖切，取俯视轮廓",
    ),
    "no_outline": ("no closed outline of the design", "方案没有闭合轮廓"),
    "no_green": (
        "the design models no green areas; add them or check the landscape plan",
        "方案模型没有绿地；请补充，或核对绿化设计",
    ),
    "green": ("{area:.0f} m² of green on {site:.0f} m² of land", "绿地 {area:.0f} 平方米，用地 {site:.0f} 平方米"),
    "green.space": ("from {count} spaces of the model", "取自模型中 {count} 个空间"),
    "green.element": ("from {count} elements of the model, seen from above", "取自模型中 {count} 个构件的俯视面积"),
    "green.line": ("from {count} green areas of the plan", "取自规划中 {count} 处绿地"),
    # gates
    "homeless": ("it stands on no parcel of the plan", "方案不在规划的任何地块上"),
    "unknown_parcel": ("its parcel {parcel} is not in the plan", "规划中没有方案所称地块 {parcel}"),
    "on_parcel": ("{share:.1%} of the footprint stands on parcel {parcel}", "{share:.1%} 的基底位于地块 {parcel} 内"),
    "elsewhere": ("; it stands on {others}", "；位于 {others}"),
    "nowhere": ("; the nearest edge of the parcel is {distance:.0f} m away", "；距地块最近处 {distance:.0f} 米"),
    "placed": ("placed by {kind}", "依据 {kind} 定位"),
    "placed_conflict": (
        "; {kind} says otherwise, {distance:.1f} m away",
        "；{kind} 与之矛盾，相差 {distance:.1f} 米",
    ),
    "placed_twice_right": ("; all statements agree", "；各处说明一致"),
    "far_away": ("the design stands {distance:.0f} m from the plan", "方案距规划范围 {distance:.0f} 米"),
    "off_ground": (
        "its lowest storey lies {gap:+.1f} m from the ground of the parcel ({ground:.2f} m)",
        "最低处与地块地面（{ground:.2f} 米）相差 {gap:+.1f} 米",
    ),
    # spacing
    "spacing": ("distance of facing walls to {other}", "与 {other} 相对外墙的距离"),
    "spacing_near": ("distance to {other}; no walls face each other", "与 {other} 的距离；没有相对的外墙"),
    "spacing_none": ("no other building stands near enough to matter", "附近没有需要考虑间距的建筑"),
    "spacing.least": ("; the least distance governs", "；由最小间距控制"),
    "spacing.fire": ("; the fire distance governs", "；由防火间距控制"),
    "spacing.sun": (
        "; sunlight governs: {k:g} × {height:.2f} m × {factor:g}",
        "；由日照间距控制：{k:g} × {height:.2f} 米 × {factor:g}",
    ),
    # build-to line
    "frontage": (
        "{covered:.2f} m of {length:.2f} m of the build-to line are built up",
        "贴线 {covered:.2f} 米，建筑控制线长 {length:.2f} 米",
    ),
    "frontage_gaps": ("; open: {gaps}", "；未贴线段：{gaps}"),
    "frontage_gap": ("{start:.1f}–{end:.1f} m", "{start:.1f}–{end:.1f} 米"),
    "no_line": ("the plan has no build-to line at this parcel", "规划在本地块没有贴线控制线"),
    # parking, entrances, use
    "parking": ("{count:.0f} parking places in the model", "模型中有停车位 {count:.0f} 个"),
    "parking_needed": ("; required for {areas}", "；按 {areas} 计"),
    "parking_rate": ("{use} {area:.0f} m² × {rate:g}/100 m²", "{use} {area:.0f} 平方米 × {rate:g}/100 平方米"),
    "no_parking": ("the design models no parking places", "方案模型没有停车位"),
    "no_use_area": ("the model has no floor area by use", "模型没有分用途的面积"),
    "no_entrances": (
        "the plan shows no entrances of this parcel (lines of the types {types})",
        "规划没有本地块的出入口（类型为 {types} 的线）",
    ),
    "access": (
        "distance of entrance {name} to the line, along the boundary",
        "出入口 {name} 至控制线的距离，沿边界量取",
    ),
    "access_forbidden": ("length of entrances on the stretch without access", "位于禁止开口线段上的出入口长度"),
    "access_on_closed": (
        "way along the boundary from entrance {name} to the end of the stretch without access",
        "出入口 {name} 沿边界至禁止开口线段端点的距离",
    ),
    "use": (
        "{area:.0f} m² of {whole:.0f} m² are not permitted: {names}",
        "{whole:.0f} 平方米中有 {area:.0f} 平方米用途不允许：{names}",
    ),
    "use_fine": ("all {whole:.0f} m² are of permitted uses", "全部 {whole:.0f} 平方米均为允许用途"),
    "use_share": ("{name}: {share:.1%} of the floor area", "{name} 占建筑面积 {share:.1%}"),
    "use_unknown": ("the model names no uses", "模型没有注明用途"),
    "use_unnamed": ("; {area:.0f} m² have no use", "；另有 {area:.0f} 平方米未注明用途"),
    # plan
    "plan.far": (
        "the plan allows FAR {far:g}, the envelope holds {held:.2f} in storeys of {height:g} m ({binding} binds)",
        "规划容积率 {far:g}，控规盒子按层高 {height:g} 米只容纳 {held:.2f}（受{binding}限制）",
    ),
    "plan.far_needs": ("; a height of {height:g} m would hold it", "；高度达到 {height:g} 米方可容纳"),
    "plan.ground": (
        "density {density:.0%} and green ratio {green:.0%} exceed the parcel",
        "建筑密度 {density:.0%} 与绿地率 {green:.0%} 之和超过用地",
    ),
    "plan.ceiling": (
        "{doc} caps at {level:.2f} m, {lost:.2f} m below what {other} promises; the lower one governs",
        "{doc}限高至 {level:.2f} 米，比 {other} 低 {lost:.2f} 米；以低者为准",
    ),
    "plan.ceiling_unknown": (
        ("the ground of the parcel is not known, so the ceiling of {doc} at {level:.2f} m cannot be held against "
         "{other}; state the design ground or name a terrain"),
        "地块地面标高未知，无法比较{doc}的 {level:.2f} 米限高与 {other}；请给出室外地坪标高或地形",
    ),
    "plan.range": (
        "the least {least:g} exceeds the most {most:g}, which {doc} allows",
        "下限 {least:g} 大于 {doc} 规定的上限 {most:g}",
    ),
    "plan.empty": ("nothing can be built on this parcel: {why}", "本地块无可建空间：{why}"),
    "plan.empty_width": (
        "edges {one} and {other} are {width:.2f} m apart and together require {needed:.2f} m",
        "边 {one} 与边 {other} 相距 {width:.2f} 米，两侧后退共需 {needed:.2f} 米",
    ),
    "plan.empty_cap": ("the ceiling lies below the ground at {ground:.2f} m", "限高面低于地面（{ground:.2f} 米）"),
    "plan.empty_all": ("the controls together leave nothing", "各项控制共同作用后没有剩余空间"),
    "plan.no_build": (
        "{area:.0f} m² of the parcel, {share:.1%}, are no-build ground by {doc}; the rest can be built on",
        "地块内 {area:.0f} 平方米（{share:.1%}）为{doc}划定的禁建范围，其余可建",
    ),
    "plan.disagree": (
        ("{one} and {other} disagree ({now}), and fit ({then}) if {moved} is in {datum}: an offset of {east:+.0f} m "
         "east, {north:+.0f} m north; nothing is moved, ask for {moved} in its own datum"),
        ("{one} 与 {other} 位置不一致；若 {moved} 为 {datum} 坐标则吻合，偏移东 {east:+.0f} 米、北 {north:+.0f} 米；"
         "未作任何移动，请索取 {moved} 的原始坐标数据"),
    ),
    "plan.no_build_line": (
        "{kind} {name} crosses the parcel over {size}; no control of the plan says what holds there",
        "{kind} {name} 穿越地块（{size}），规划没有相应的控制规定",
    ),
    "binding.far": ("far", "容积率"),
    "binding.coverage": ("coverage", "建筑密度"),
    "binding.height": ("height", "建筑高度"),
    "binding.envelope": ("envelope", "控规盒子"),
    "binding.none": ("nothing", "无"),
    # survey
    "as_built.none": ("no point of the survey lies over the parcel", "测量点云没有覆盖本地块"),
    "as_built.under": ("none of {count:,} points stands above the envelope", "{count:,} 个测点均未超出控规盒子"),
    "as_built.over": (
        ("mean of {points} points in the worst {cell:g} m cell; {area:,.0f} m² of survey above the envelope, "
         "{above:,} of {count:,} points, the highest {highest:.2f} m; u95 {u95:.2f} m"),
        ("最不利 {cell:g} 米网格内 {points} 个测点的平均值；{area:,.0f} 平方米超出控规盒子，{count:,} 个测点中有 "
         "{above:,} 个，最高超出 {highest:.2f} 米；95% 不确定度 {u95:.2f} 米"),
    ),
    "as_built.strays": (
        "; {count:,} lone points, fewer than {least} in a cell and up to {highest:.2f} m above, are not judged",
        "；另有 {count:,} 个零散点（网格内少于 {least} 个，最高超出 {highest:.2f} 米），不作判断",
    ),
    "earthwork": (
        ("pad of {area:,.0f} m² at {level:.2f} m: cut {cut:,.0f} m³, fill {fill:,.0f} m³, dug out within the walls "
         "{dug:,.0f} m³"),
        ("场地平整 {area:,.0f} 平方米，标高 {level:.2f} 米：挖方 {cut:,.0f} 立方米，填方 {fill:,.0f} 立方米，"
         "基坑 {dug:,.0f} 立方米"),
    ),
    # uncertainty
    "ground_u95": ("; the ground is known to ±{u95:.2f} m", "；地面标高不确定度 ±{u95:.2f} 米"),
}


def say(key: str, **values: object) -> Said:
    """Put a sentence together in both languages; values that are sentences themselves come in each language's own.

    Examples
    --------
    >>> say("height", ground=20.3, datum=datum("average"), top=say("top.parapet")).en
    'height above 20.30 m (average) of the parapet'
    >>> say("elevation", top=say("top.highest")).zh
    '最高点的高程'
    """
    en, zh = _SENTENCES[key]
    if Said not in map(type, values.values()):
        return Said(en.format(**values), zh.format(**values))
    return Said(en.format(**{k: v.en if isinstance(v, Said) else v for k, v in values.items()}),
                zh.format(**{k: v.zh if isinstance(v, Said) else v for k, v in values.items()}))


def known(key: str, otherwise: str) -> Said:
    """Look up a sentence without values; where there is none, ``otherwise``."""
    return say(key if key in _SENTENCES else otherwise)


def plain(text: object) -> Said:
    """Say a name or number, the same in every language."""
    return Said(str(text), str(text))


def datum(value: str) -> Said:
    """Name a ground reference: as the plan writes it in English, in words in Chinese."""
    return Said(value, word(f"datum.{value}", "zh"))


def role(value: str) -> Said:
    """Name what lies beyond an edge."""
    return Said(value, word(f"role.{value}", LANGUAGES[1]))


def together(*parts: Said) -> Said:
    """Write sentences one after the other."""
    return Said("".join(p.en for p in parts), "".join(p.zh for p in parts))


def listed(parts: Iterable[Said], comma: tuple[str, str] = ("; ", "；")) -> Said:
    """Write sentences as a list."""
    said = [p for p in parts if p]
    return Said(comma[0].join(p.en for p in said), comma[1].join(p.zh for p in said))
