"""What a tileset says of itself beside its tiles: version, schema, groups, properties, statistics, extensions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from zonebox_converters.tiles.entities import check_entity, check_statistics
from zonebox_converters.tiles.glb import Json
from zonebox_converters.tiles.jsontext import parsed
from zonebox_converters.tiles.schemas import Found, check_schema

VERSIONS: Final = ("1.0", "1.1")

ARCHIVE: Final = "MAXAR_content_3tz"
GLTF: Final = "3DTILES_content_gltf"
CONTENT_EXTENSIONS: Final = frozenset({ARCHIVE, GLTF})
"""Extensions without which a client cannot open a content: archives, and glTF in a tileset of 1.0."""


def check_head(document: Json, schema: Json | None) -> Found:
    """Say what is wrong with a tileset's own members; tiles and extensions are looked at elsewhere."""
    asset = document.get("asset")
    if not isinstance(asset, dict):
        yield "/asset", "is missing or no object"
    else:
        if asset.get("version") not in VERSIONS:
            yield "/asset/version", f"got {asset.get('version')!r}, want one of {', '.join(VERSIONS)}"
        if not isinstance(asset.get("tilesetVersion", ""), str):
            yield "/asset/tilesetVersion", "is no string"
    yield from _check_properties(document.get("properties", {}))
    if "schema" in document and "schemaUri" in document:
        yield "/schema", "has schemaUri beside it; only one may be"
    if "metadata" in document:
        yield from _under("/metadata", check_entity(document["metadata"], schema))
    groups = document.get("groups", [])
    if not isinstance(groups, list):
        yield "/groups", "is no array"
    else:
        for number, group in enumerate(groups):
            yield from _under(f"/groups/{number}", check_entity(group, schema))
    if "statistics" in document:
        yield from _under("/statistics", check_statistics(document["statistics"], schema))


def _check_properties(properties: Any) -> Found:
    """Check the ranges of batch table properties that 3D Tiles 1.0 has (deprecated in 1.1)."""
    if not isinstance(properties, dict):
        yield "/properties", "is no object"
        return
    for name, entry in properties.items():
        bounds = [entry.get(key) for key in ("minimum", "maximum")] if isinstance(entry, dict) else [None]
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in bounds):
            yield f"/properties/{name}", "has no minimum and maximum that are numbers"
        elif entry["minimum"] > entry["maximum"]:
            yield f"/properties/{name}", f"has its minimum {bounds[0]} above its maximum {bounds[1]}"


def read_schema(document: Json, folder: Path) -> tuple[Json | None, list[tuple[str, str]]]:
    """Read a tileset's schema and say what is wrong with it; an empty object where it cannot be seen from here."""
    if "schema" in document:
        schema = document["schema"]
        return schema if isinstance(schema, dict) else {}, list(_under("/schema", check_schema(schema)))
    if "schemaUri" not in document:
        return None, []
    uri = document["schemaUri"]
    if not isinstance(uri, str):
        return {}, [("/schemaUri", "is no string")]
    parts = urlsplit(uri)
    if parts.scheme:        # elsewhere on the net
        return {}, []
    try:
        schema = parsed((folder / unquote(parts.path)).read_bytes())
    except (OSError, ValueError) as error:
        return {}, [("/schemaUri", f"{uri} is {'missing' if isinstance(error, OSError) else 'no JSON'}")]
    return schema if isinstance(schema, dict) else {}, list(_under("/schemaUri", check_schema(schema)))


def check_extensions(document: Json, below: set[str]) -> Found:
    """Say where extensions are used and not declared; ``below`` are those of contents and external tilesets."""
    declared, wrong = _declared(document, "")
    yield from wrong
    inner = document.get("extensions", {})
    if isinstance(inner, dict) and isinstance(inner.get(GLTF), dict):
        yield from _declared(inner[GLTF], f"/extensions/{GLTF}")[1]
    used, required = declared["extensionsUsed"], declared["extensionsRequired"]
    found = set(below)
    for place, entry in _extension_objects(document, ""):
        if not isinstance(entry, dict) or not all(isinstance(value, dict) for value in entry.values()):
            yield f"{place}/extensions", "is no object of objects"
        else:
            found |= set(entry)
    for name in sorted(found - used):
        yield "/extensionsUsed", f"{name} is used and not declared"
    for name in sorted((below & CONTENT_EXTENSIONS) - required):
        yield "/extensionsRequired", f"{name} is needed by a content and not declared as required"


def _declared(holder: Json, place: str) -> tuple[dict[str, set[str]], list[tuple[str, str]]]:
    """Names of the extensions that a tileset, or an extension of contents, declares, and what is wrong with them."""
    declared: dict[str, set[str]] = {}
    wrong: list[tuple[str, str]] = []
    for key in ("extensionsUsed", "extensionsRequired"):
        names = holder.get(key)
        declared[key] = set()
        if names is None:
            continue
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            wrong.append((f"{place}/{key}", "is no array of names, or an empty one"))
            continue
        declared[key] = set(names)
        if len(set(names)) != len(names):
            wrong.append((f"{place}/{key}", "names an extension twice"))
    wrong += [(f"{place}/extensionsRequired", f"{name} is not in extensionsUsed")
              for name in sorted(declared["extensionsRequired"] - declared["extensionsUsed"])]
    return declared, wrong


def used_below(document: Json) -> set[str]:
    """Extensions that a tileset declares or has: whoever refers to it must declare them too."""
    return {name for _, entry in _extension_objects(document, "") if isinstance(entry, dict) for name in entry}


def _extension_objects(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for number, entry in enumerate(value):
            yield from _extension_objects(entry, f"{place}/{number}")
    elif isinstance(value, dict):
        if "extensions" in value:
            yield place, value["extensions"]
        for key, entry in value.items():
            if key not in {"extensions", "extras", "properties", "classes"} and isinstance(entry, dict | list):
                yield from _extension_objects(entry, f"{place}/{key}")


def _under(place: str, found: Found) -> Found:
    for inner, text in found:
        yield f"{place}{inner}", text
