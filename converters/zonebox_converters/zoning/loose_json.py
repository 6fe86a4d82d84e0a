"""JSON as people write it by hand: with // comments, with a comma missing between values or one too many at the end."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from zonebox.errors import InputError

_TOKEN: Final = re.compile(
    r'(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"(?:\\.|[^"\\])*")|(?P<mark>[{}\[\]:,])'
    r"|(?P<word>[^\s{}\[\]:,\"/]+)", re.DOTALL)


def read(path: Path) -> tuple[Any, list[str]]:
    """Read a file; say what was mended.

    Raises
    ------
    InputError
        No JSON even so, with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(path.name, got="text that is not UTF-8", want="JSON in UTF-8",
                         then="save it as UTF-8") from None
    try:
        return json.loads(text), []
    except json.JSONDecodeError:
        pass
    plain, mended = mend(text)
    try:
        value = json.loads(plain)
    except json.JSONDecodeError as problem:
        raise InputError(f"{path.name}, line {problem.lineno}", got=f"broken JSON ({problem.msg.lower()})",
                         want="matching brackets and quoted names", then="mend that line") from None
    return value, [f"{path.name}: {' and '.join(mended)}"] if mended else []


def mend(text: str) -> tuple[str, list[str]]:
    """Leave comments out, and put commas where they belong; lines stay where they are.

    >>> mend('{"a": 1 /* one */ "b": [1 2,]}')
    ('{"a": 1  ,"b": [1 ,2]}', ['comments left out', '2 missing commas put in', '1 needless commas taken out'])
    """
    out: list[str] = []
    ended = False                       # the last piece ended a value
    waiting: int | None = None          # where a comma stands that may be needless
    comments = missing = needless = 0
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        piece = found[0] if found else text[at]
        at += len(piece)
        if found and found["skip"] is not None:
            comments += piece.startswith("/")
            out.append("\n" * piece.count("\n") if piece.startswith("/") else piece)
        elif piece == ",":
            waiting = len(out)
            out.append(",")
            ended = False
        elif piece in {"}", "]"}:
            if waiting is not None:
                out[waiting] = ""
                needless += 1
            out.append(piece)
            ended, waiting = True, None
        elif piece == ":":
            out.append(piece)
            ended, waiting = False, None
        else:
            if ended:
                out.append(",")
                missing += 1
            out.append(piece)
            ended, waiting = piece not in {"{", "["}, None
    said = [*(["comments left out"] if comments else []), *([f"{missing} missing commas put in"] if missing else []),
            *([f"{needless} needless commas taken out"] if needless else [])]
    return "".join(out), said
