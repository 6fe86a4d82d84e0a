"""Every word that only the viewer shows, in English and Chinese."""

from __future__ import annotations

from typing import Final

from zonebox import words

Lang = words.Language

_WORDS: Final[dict[str, tuple[str, str]]] = {
    # layers and legend
    "terrain": ("Terrain", "地形"),
    "lines": ("Plan lines", "规划控制线"),
    "context": ("Existing building", "现状建筑"),
    "design": ("Design", "设计方案"),
    "parcels": ("Parcels", "地块"),
    "envelopes": ("Control envelopes", "控规盒子"),
    "findings": ("Findings", "检查结果"),
    "envelope": ("Control envelope", "控规盒子"),
    "envelope_warning": ("Envelope, marginal or guidance", "控规盒子（临界或引导性）"),
    "envelope_unchecked": ("Envelope, not checked", "控规盒子（未检查）"),
    "envelope_empty": ("Nothing can be built", "无可建空间"),
    "violation": ("Beyond a control", "超出管控"),
    "violation_warning": ("Marginal or guidance", "临界或引导性超出"),
    "edges": ("Parcel edges", "地块边界"),
    # kinds of plan lines, as plans write them
    "蓝线": ("Blue line (water)", "蓝线"),
    "紫线": ("Purple line (heritage)", "紫线"),
    "绿线": ("Green line (green space)", "绿线"),
    "黄线": ("Yellow line (utilities)", "黄线"),
    "建设控制地带": ("Heritage control zone", "建设控制地带"),
    "blue": ("Blue line (water)", "蓝线"),
    "river": ("River", "河道"),
    # checks whose short name needs no verb here
    "containment": ("Envelope", "控规盒子"),
    "FAIL": ("fail", "不符合"),
    # findings in one line
    "over": ("+{by} over {limit}", "超出 {by}（限 {limit}）"),
    "overlap": ("{by} overlap", "重叠 {by}"),
    "short": ("−{by} short of {limit}", "不足 {by}（应 {limit}）"),
    "narrow": ("{by} wide, {limit} needed", "宽 {by}，需 {limit}"),
    "outside": ("{by} outside the envelope", "盒外 {by}"),
    "above": ("+{by} above the envelope", "高出控规盒子 {by}"),
    "more": ("{n} more", "另 {n} 项"),
    # map furniture
    "north": ("N", "北"),
    "scale_note": ("at mid-picture", "画面中部"),
}


def say(key: str, lang: Lang, **fields: object) -> str:
    """Return a word or sentence in a language; words that the whole program shares come from its catalogue.

    An unknown key is shown as it is.

    Examples
    --------
    >>> say("over", "en", by="3.42 m", limit="24.00 m")
    '+3.42 m over 24.00 m'
    >>> say("noise", "zh")
    'noise'
    """
    if key in _WORDS:
        return _WORDS[key][lang == "zh"].format(**fields)
    for shared in (key, f"check.{key}", f"role.{key}"):
        try:
            return words.word(shared, lang)
        except KeyError:
            continue
    return key


def is_latin(text: str) -> bool:
    """Whether a font without Chinese can write the text."""
    return all(ord(character) < 0x2E80 for character in text)
