"""Envelopes as meshes: glTF for viewers and the web, OBJ for modelling programs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zonebox.geometry.mesh import Mesh
from zonebox.model import Scene
from zonebox_converters.exchange.sheets import COLOR, SYSTEM, Sheet, place_text, sheets

OBJ_DIGITS: Final = 6


def encode_glb(scene: Scene) -> bytes:
    """Binary glTF 2.0: one translucent mesh a parcel, metres, Y up as glTF wants it.

    Notes
    -----
    glTF keeps single precision, so each parcel stands on a node of its own near its middle. ``extras`` of the scene
    state the reference and the origin, those of each mesh the parcel and its controls.
    """
    import trimesh
    from trimesh.exchange.gltf import export_glb

    whole = trimesh.Scene()
    whole.metadata = _stated(scene)
    material = trimesh.visual.material.PBRMaterial(
        name="envelope", baseColorFactor=COLOR, metallicFactor=0.0, roughnessFactor=1.0, alphaMode="BLEND",
        doubleSided=True)
    for sheet in sheets(scene):
        if not len(sheet.envelope.solid):
            continue
        middle = np.append(np.round(sheet.envelope.solid.bounds.mean(0)[:2]), np.round(sheet.envelope.ground_m))
        mesh = _trimesh(sheet.envelope.solid.moved(-middle), y_up=True)
        mesh.visual = trimesh.visual.TextureVisuals(material=material)
        mesh.metadata = {"parcel": sheet.parcel.id, "controls": _controls(sheet)}
        place = np.eye(4)
        place[:3, 3] = middle[0], middle[2], -middle[1]
        whole.add_geometry(mesh, node_name=sheet.parcel.id, geom_name=f"envelope {sheet.parcel.id}", transform=place)
    return bytes(export_glb(whole, include_normals=False, tree_postprocessor=_sign))


def encode_obj(scene: Scene) -> bytes:
    """Wavefront OBJ: one object a parcel, metres, Z up, coordinates less the origin that the first lines state."""
    import trimesh
    from trimesh.exchange.obj import export_obj

    whole = trimesh.Scene()
    for sheet in sheets(scene):
        if len(sheet.envelope.solid):
            whole.add_geometry(_trimesh(sheet.envelope.solid, y_up=False), node_name=sheet.parcel.id,
                               geom_name=sheet.parcel.id)
    header = f"{SYSTEM}: control envelopes of {scene.title}\n# {place_text(scene, origin=True)}"
    text: str = export_obj(whole, include_normals=False, include_color=False, include_texture=False,
                           digits=OBJ_DIGITS, header=header)
    return (text.rstrip("\n") + "\n").encode()


def _trimesh(mesh: Mesh, *, y_up: bool) -> Any:
    import trimesh

    x, y, z = mesh.vertices.T
    vertices = np.stack([x, z, -y] if y_up else [x, y, z], axis=-1)
    return trimesh.Trimesh(vertices=vertices, faces=mesh.triangles, process=False, validate=False)


def _stated(scene: Scene) -> dict[str, Any]:
    """State what a reader needs to put the meshes on the map."""
    frame = scene.frame
    return {"crs": frame.horizontal, "vertical_datum": frame.vertical, "origin": [*frame.origin, 0.0],
            "axes": "glTF x = easting - origin, y = height, z = origin - northing", "scene": scene.name}


def _controls(sheet: Sheet) -> dict[str, str]:
    return {rule.name: rule.text for rule in sheet.rules}


def _sign(tree: dict[str, Any]) -> None:
    tree["asset"]["generator"] = SYSTEM
