"""Which field of a parcel table means what: Chinese delivery schemas, and plain Chinese or English headings."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zonebox.errors import InputError

Columns = Mapping[str, NDArray[Any]]

PARCEL_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "parcel": ("DKBH", "DKBM", "DKH", "地块编号", "地块编码", "地块号", "宗地号", "parcel", "parcel_id", "parcel_no",
               "parcel_number", "PID", "APN", "BBL", "lot_id", "plot", "plot_id", "gml_id"),
    "unit": ("GHDY", "DYMC", "DYBH", "BZDY", "规划单元", "编制单元", "unit", "planning_unit"),
    "land_use": ("zonedist1", "YDXZ_N", "YDDM", "DLDM", "YDXZDM", "YDYHFLDM", "GHYDDM", "ZDLDM", "ZYYDDM",
                 "ZYDXZ_N", "DLBM", "SZDM", "EJDM", "YDXZ", "用地代码", "用地性质代码", "用地分类代码", "用地性质",
                 "land_use", "landuse", "land_use_code", "use_code", "zone", "zoning", "zone_code", "dist_abbr"),
    "land_use_name": ("DLMC", "YDXZMC", "YDMC", "YDYHFLMC", "GHYDMC", "YDXZ", "用地名称", "用地类型", "用地性质名称",
                      "用地性质", "land_use_name", "use_name", "zone_name"),
    "area": ("YDMJ", "MJ", "YDMJ_HA", "用地面积", "地块面积", "净用地面积", "面积", "area", "site_area", "lot_area",
             "lotarea", "parcel_area", "area_m2", "area_ha", "SHAPE_Area", "Shape__Area", "ShapeSTArea"),
    "far": ("RJL", "RJLSX", "RJL_SX", "PLOT_RATIO", "容积率", "容积率上限", "FAR", "far_max", "floor_area_ratio",
            "floorAreaRate", "plot_ratio_max"),
    "far_min": ("RJL_XX", "RJLXX", "容积率下限", "far_min"),
    "coverage": ("JZMD", "JZMDSX", "JZMD_SX", "建筑密度", "建筑密度上限", "建筑系数", "coverage", "coverage_max",
                 "buildingCoverageRate", "site_coverage", "lot_coverage", "building_density"),
    "coverage_min": ("JZMD_XX", "JZMDXX", "建筑密度下限", "coverage_min"),
    "height": ("JZGD", "JZXG", "JZGDSX", "JZGD_SX", "JZXG_SX", "XG", "HEIGHT", "限高", "建筑限高", "建筑高度",
               "建筑高度上限", "控制高度", "height_max", "max_height", "height_limit", "building_height", "height_m",
               "height_max_ft", "max_height_ft", "height_ft", "buildingHeightLimits"),
    "height_min": ("JZXG_XX", "JZGDXX", "JZGD_XX", "建筑高度下限", "height_min"),
    "height_type": ("XGLX", "限高类型", "height_type"),
    "height_abs": ("绝对限高", "限高标高", "控高高程", "限高高程", "height_abs", "height_abs_m", "max_elevation",
                   "top_elevation_max"),
    "green": ("LDL", "LDLXX", "LDL_XX", "LVDL", "绿地率", "绿地率下限", "green", "green_min", "green_ratio",
              "greening_rate", "open_space_ratio"),
    "green_max": ("LDL_SX", "LDLSX", "绿地率上限", "green_max"),
    "design_ground": ("SJDM", "SJBG", "设计地面标高", "室外设计地面标高", "设计标高", "design_ground",
                      "design_ground_m", "design_ground_ft", "ground_elevation", "ground_elevation_ft"),
    "height_abs_datum": ("height_abs_datum",),
    "height_from": ("height_from",),
    "height_top": ("height_top",),
    "storeys": ("storeys", "max_stories", "stories_max", "层数", "建筑层数", "层数上限"),
    "setback": ("HTJL", "后退", "后退距离", "建筑后退", "退界距离", "wallSetbackDistance", "setback", "setback_m"),
    "setback_street": ("HTDLHX", "后退道路红线", "退道路红线", "道路红线后退", "后退道路", "setback_street",
                       "street_setback"),
    "setback_boundary": ("HTYDJX", "后退用地界线", "后退用地边界", "后退用地红线", "退用地红线", "后退地界",
                         "setback_boundary"),
    "setback_front": ("setback_front", "front_setback", "front_yard", "min_front_yard"),
    "setback_side_street": ("setback_side_street", "corner_side_setback", "street_side_setback"),
    "setback_side": ("setback_side", "side_setback", "side_yard", "min_side_yard"),
    "setback_rear": ("setback_rear", "rear_setback", "rear_yard", "min_rear_yard"),
    "gfa": ("JZMJ", "JRJZMJ", "计容建筑面积", "建筑面积", "gross_floor_area"),
    "parking": ("JDCW", "TCW", "PJTCW", "停车位", "机动车位", "配建停车位", "parking"),
    "facilities": ("FJSS1", "PTSS", "配套设施", "公共服务设施", "facilities"),
    "mix": ("JRBL", "JRXZ", "兼容比例", "混合比例", "兼容性质"),
    "design_rigid": ("GXYQ", "QTGKYQ", "刚性要求", "其他管控要求"),
    "design_soft": ("TXYQ", "弹性要求"),
    "edge_roles": ("edge_roles", "边界类型"),
    "front_road": ("front_road", "临街道路", "主临道路", "primary_road"),
    "address_road": ("address_road", "address_street", "STREET_NM", "STREETNAME", "street_name", "street", "地址道路",
                     "门牌道路", "路名"),
    "remark": ("BZ", "备注", "说明", "remark", "remarks", "note", "notes", "comment"),
}
"""Concept -> names of it, best first (domain E2)."""

FOR_DISPLAY: Final = frozenset({"remark", "unit", "address_road", "gfa", "parking", "facilities", "mix", "design_rigid",
                                "design_soft"})
"""Concepts that limit nothing here: they are recognised, and stay among the attributes of a parcel."""

ROAD_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name", "DLMC", "LM", "MC", "道路名称", "名称", "road_name", "street_name", "STREET_O_NAME", "STREET_NM",
             "FULLNAME"),
    "width": ("width_m", "width", "HXKD", "DLKD", "KD", "LK", "红线宽度", "道路宽度", "宽度", "road_width",
              "row_width"),
    "class": ("class", "DLDJ", "道路等级", "等级", "road_class", "function", "fclass", "highway", "FUNC_CLASS"),
    "primary": ("primary", "主要道路", "is_primary"),
}

LIMITS: Final = ("far", "far_min", "coverage", "coverage_min", "height", "height_min", "height_abs", "green",
                 "green_max", "storeys")
"""Concepts whose numbers bound what may be built: two columns for one of them are one too many."""
LINE_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("type", "kind", "LX", "类型", "控制线类型", "LXMC", "LXDM"),
    "name": ("name", "MC", "名称", "LXMC", "name_en"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field found for a concept: its name in the file, whether the user named it, and how many cells are filled."""

    name: str
    given: bool
    filled: int
    total: int

    def __str__(self) -> str:
        """Say it as the user reads it."""
        return f"{self.name} ({self.filled} of {self.total} values){' as given' if self.given else ''}"


def recognise(
    columns: Columns, names: Mapping[str, tuple[str, ...]], *, given: Mapping[str, str], where: str
) -> dict[str, Field]:
    """Find the field of each concept; what the user names goes before what is recognised, and "" leaves a concept out.

    Raises
    ------
    InputError
        A concept or a field in ``given`` that does not exist, with the nearest names.
    """
    found = {concept: _given_field(concept, field, columns, names, where) for concept, field in given.items()}
    taken = set(found.values()) - {""}
    headings = {heading(name): name for name in reversed(list(columns))}
    for concept, aliases in names.items():
        for alias in aliases if concept not in found else ():
            name = headings.get(heading(alias))
            if name is not None and name not in taken and _plausible(concept, heading(alias), columns, headings):
                found[concept] = name
                taken.add(name)
                break
    return {
        concept: Field(name=found[concept], given=concept in given, filled=int(filled(columns[found[concept]]).sum()),
                       total=len(columns[found[concept]]))
        for concept in names if found.get(concept)
    }


def twins(
    columns: Columns, names: Mapping[str, tuple[str, ...]], found: Mapping[str, Field], concepts: Iterable[str]
) -> list[tuple[str, str, str, int]]:
    """Find columns that mean the same as one that was taken, and say otherwise.

    Gives the concept, the column taken, the other one, and on how many rows they differ. A row counts where both hold
    something; a column that a concept has, or that the user left out, is none.
    """
    taken = {field.name for field in found.values()}
    result = []
    for concept in concepts:
        field = found.get(concept)
        if field is None or field.given:
            continue
        aliases = {heading(alias) for alias in names[concept]}
        ours = as_text(columns[field.name])
        for name in columns:
            if name in taken or heading(name) not in aliases:
                continue
            pairs = zip(ours, as_text(columns[name]), strict=True)
            differ = sum(bool(a and b and a != b and _digits(a) != _digits(b)) for a, b in pairs)
            result += [(concept, field.name, name, differ)] if differ else []
    return result


def heading(name: str) -> str:
    """Bring a heading to the form it is compared in: no case, width, separators or unit in brackets.

    >>> heading("容积率（㎡/㎡）"), heading("Land Use-Code")
    ('容积率', 'landusecode')
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_\-./:]+", "", re.sub(r"[(\[].*?[)\]]", "", plain))


def filled(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which cells hold anything.

    >>> filled(np.array([None, " ", "x"], dtype=object)).tolist(), filled(np.array([1.0, np.nan])).tolist()
    ([False, False, True], [True, False])
    """
    if column.dtype == object:
        return np.array([bool(text) for text in as_text(column)], dtype=bool)
    return ~np.asarray(np.isnat(column) if column.dtype.kind == "M" else np.isnan(column))


def as_text(column: NDArray[Any]) -> list[str]:
    """Cells as text: blanks become "", whole floats lose their ``.0``."""
    if column.dtype.kind == "f":
        numbers, cell = np.unique(column, return_inverse=True)      # a column of a plan has few different ones
        known = ["" if math.isnan(v) else (str(int(v)) if v.is_integer() else repr(v)) for v in numbers.tolist()]
        return [known[k] for k in cell.tolist()]
    if column.dtype.kind == "M":
        return ["" if v == "NaT" else v for v in np.datetime_as_string(column).tolist()]
    return [cell.strip() if cell.__class__ is str else _text(cell) for cell in column.tolist()]


def suggest(word: str, known: Iterable[str]) -> str:
    """Ask whether a known word near to one that is not known was meant; "" where none is near.

    >>> suggest("JRL", ["RJL", "JZMD", "LDL"]), suggest("qqq", ["RJL"])
    ('did you mean RJL?', '')
    """
    words = [str(w) for w in known]
    folded = {w.casefold(): w for w in reversed(words)}
    near = difflib.get_close_matches(word.casefold(), folded, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(folded[w] for w in near)}?" if near else ""


def _digits(cell: str) -> list[float]:
    """Give the numbers in a cell, whatever signs and units stand beside them."""
    return [float(digits) for digits in re.findall(r"\d+(?:\.\d+)?", unicodedata.normalize("NFKC", cell))]


def _given_field(concept: str, field: str, columns: Columns, names: Mapping[str, tuple[str, ...]], where: str) -> str:
    if concept in names and not field:
        return ""
    if concept not in names:
        raise InputError(f"plan.fields.{concept}", got=f'the concept "{concept}"', want="a concept zonebox knows",
                         then=suggest(concept, names) or f"one of {', '.join(names)}")
    for name in columns:
        if name == field or name.casefold() == field.casefold():
            return name
    raise InputError(f"plan.fields.{concept}", got=f'"{field}", which {where} does not have', want="one of its fields",
                     then=suggest(field, columns) or f"they are {', '.join(columns)}")


def _plausible(concept: str, alias: str, columns: Columns, headings: Mapping[str, str]) -> bool:
    """Settle the headings that mean a code in one schema and a name in another, by their values (YDXZ, 用地性质)."""
    if concept not in {"land_use", "land_use_name"} or alias not in {"ydxz", "用地性质"}:
        return True
    text = [cell for cell in as_text(columns[headings[alias]]) if cell]
    codes = sum(bool(re.match(r"v?[A-Z]{0,2}\d", cell)) for cell in text)
    return (codes * 2 > len(text)) == (concept == "land_use")


def _text(cell: object) -> str:
    """Text of one cell: lists joined, NaN among text and None blank."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return (", ".join(map(str, cell)) if isinstance(cell, np.ndarray) else str(cell)).strip()
