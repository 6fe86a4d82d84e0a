"""Report -> `findings.bcfzip`: one topic a finding, in BCF 3.0 and 2.1 (buildingSMART BCF-XML).

Element names and their order are those of the schemas of release 3.0 and 2.1; the two versions differ in where lists
are wrapped, where viewpoints and labels hang, and in a camera's aspect ratio, which 2.1 does not know.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import ArrayLike

from zonebox.files import stamp, write_bytes, zipped
from zonebox.model import Report, Scene
from zonebox.report.topics import AUTHOR, PRIORITIES, STATUS, TYPES, Topic, Viewpoint, topics_of
from zonebox.words import Language

Version = Literal["3.0", "2.1"]
NO_PICTURES: Final[Mapping[str, bytes]] = {}


def write_bcf(
    scene: Scene, report: Report, path: Path, *, version: Version = "3.0", lang: Language = "en",
    pictures: Mapping[str, bytes] = NO_PICTURES,
) -> Path:
    """Write a topic for every finding that fails or is marginal; the same report gives the same bytes.

    Parameters
    ----------
    version : str
        ``3.0`` or ``2.1``.
    pictures : mapping
        Finding id -> PNG, the topic's snapshot; a topic without one has none.

    Notes
    -----
    Cameras, lines and clipping planes stand in world coordinates: easting, northing and height of the scene's CRS in
    metres. Components are given by IFC GlobalId.
    """
    return write_topics(scene, topics_of(scene, report, pictures, lang), path, version=version)


def write_topics(scene: Scene, topics: Iterable[Topic], path: Path, *, version: Version = "3.0") -> Path:
    """Write topics that are already made, in one version of the format."""
    topics = list(topics)
    files = {"bcf.version": _xml(_version(version)), "project.bcfp": _xml(_project(scene, version))}
    if version == "3.0":
        files["extensions.xml"] = _xml(_extensions(topics))
    for topic in topics:
        files[f"{topic.guid}/markup.bcf"] = _xml(_markup(topic, version))
        for number, view in enumerate(topic.viewpoints):
            files[f"{topic.guid}/{_view_file(number)}"] = _xml(_visualization(view, version))
            if view.snapshot is not None:
                files[f"{topic.guid}/{_snapshot_file(number)}"] = view.snapshot
    return write_bytes(path, zipped(files))


def _version(version: Version) -> ET.Element:
    root = ET.Element("Version", VersionId=version)
    if version == "2.1":
        _text(root, "DetailedVersion", version)
    return root


def _project(scene: Scene, version: Version) -> ET.Element:
    root = ET.Element("ProjectInfo" if version == "3.0" else "ProjectExtension")
    project = ET.SubElement(root, "Project", ProjectId=str(uuid.uuid5(uuid.NAMESPACE_URL, f"zonebox:{scene.name}")))
    _text(project, "Name", scene.title or scene.name)
    if version == "2.1":
        _text(root, "ExtensionSchema", "")
    return root


def _extensions(topics: Iterable[Topic]) -> ET.Element:
    """List the words that topics use, so that a client can offer them."""
    root = ET.Element("Extensions")
    labels = sorted({label for topic in topics for label in topic.labels})
    users = sorted({AUTHOR, *(topic.author for topic in topics)})
    for group, name, words in (
        ("TopicTypes", "TopicType", TYPES), ("TopicStatuses", "TopicStatus", (STATUS, "Closed")),
        ("Priorities", "Priority", PRIORITIES), ("TopicLabels", "TopicLabel", labels), ("Users", "User", users),
    ):
        parent = ET.SubElement(root, group)
        for each in words:
            _text(parent, name, each)
    return root


def _markup(topic: Topic, version: Version) -> ET.Element:
    wrapped = version == "3.0"
    root = ET.Element("Markup")
    if topic.file:
        header = ET.SubElement(root, "Header")
        attribute = {"IsExternal" if wrapped else "isExternal": "true"}
        _text(ET.SubElement(_group(header, "Files", wrapped), "File", attribute), "Filename", topic.file)
    node = ET.SubElement(root, "Topic", Guid=topic.guid, TopicType=topic.kind, TopicStatus=STATUS)
    _text(node, "Title", topic.title)
    _text(node, "Priority", topic.priority)
    labels = _group(node, "Labels", wrapped)
    for label in topic.labels:
        _text(labels, "Label" if wrapped else "Labels", label)
    _text(node, "CreationDate", stamp().strftime("%Y-%m-%dT%H:%M:%SZ"))
    _text(node, "CreationAuthor", topic.author)
    _text(node, "Description", topic.description)
    if not topic.viewpoints:
        return root
    views = _group(node, "Viewpoints", wrapped) if wrapped else root
    for number, view in enumerate(topic.viewpoints):
        entry = ET.SubElement(views, "ViewPoint" if wrapped else "Viewpoints", Guid=view.guid)
        _text(entry, "Viewpoint", _view_file(number))
        if view.snapshot is not None:
            _text(entry, "Snapshot", _snapshot_file(number))
        _text(entry, "Index", str(number))
    return root


def _visualization(view: Viewpoint, version: Version) -> ET.Element:
    root = ET.Element("VisualizationInfo", Guid=view.guid)
    components = ET.SubElement(root, "Components")
    if view.selected:
        selection = ET.SubElement(components, "Selection")
        for each in view.selected:
            ET.SubElement(selection, "Component", IfcGuid=each)
    ET.SubElement(components, "Visibility", DefaultVisibility="true")
    camera = ET.SubElement(root, "PerspectiveCamera")
    _vector(camera, "CameraViewPoint", view.position)
    _vector(camera, "CameraDirection", view.direction)
    _vector(camera, "CameraUpVector", view.up)
    _text(camera, "FieldOfView", f"{view.field_deg:g}")
    if version == "3.0":
        _text(camera, "AspectRatio", f"{view.aspect:g}")
    if view.lines:
        lines = ET.SubElement(root, "Lines")
        for start, end in view.lines:
            line = ET.SubElement(lines, "Line")
            _vector(line, "StartPoint", start)
            _vector(line, "EndPoint", end)
    if view.planes:
        planes = ET.SubElement(root, "ClippingPlanes")
        for place, direction in view.planes:
            plane = ET.SubElement(planes, "ClippingPlane")
            _vector(plane, "Location", place)
            _vector(plane, "Direction", direction)
    return root


def _view_file(number: int) -> str:
    """Name the first view as clients of version 1 knew it."""
    return "viewpoint.bcfv" if number == 0 else f"viewpoint-{number}.bcfv"


def _snapshot_file(number: int) -> str:
    return "snapshot.png" if number == 0 else f"snapshot-{number}.png"


def _group(parent: ET.Element, name: str, wrapped: bool) -> ET.Element:
    """Open the list element of version 3.0; version 2.1 hangs the entries on the parent itself."""
    return ET.SubElement(parent, name) if wrapped else parent


def _text(parent: ET.Element, name: str, text: str) -> None:
    node = ET.SubElement(parent, name)
    node.text = "".join(c for c in text if c in "\t\n" or c >= " ")     # XML 1.0 knows no other control characters


def _vector(parent: ET.Element, name: str, values: ArrayLike) -> None:
    node = ET.SubElement(parent, name)
    for axis, value in zip("XYZ", np.asarray(values, dtype=np.float64), strict=True):
        ET.SubElement(node, axis).text = repr(round(float(value), 6) + 0.0)


def _xml(root: ET.Element) -> bytes:
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="UTF-8")
    return body + b"\n"
