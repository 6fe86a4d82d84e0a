"""The verifier on tilesets whose names say what is wrong with them; where it leaves one out, the reason stands here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from zonebox_converters.tiles import verify
from zonebox_converters.tiles.subtrees import Tiling, read_subtree

pytestmark = pytest.mark.data

SOUND: Final = {
    "extensionNotNecessary_1_1_glTF", "tileContentBoundingVolumeWithTransform", "tilesetWithMultipleExternal",
    "tilesetWithMultipleExternalA", "tilesetWithMultipleExternalA0", "tilesetWithMultipleExternalA1",
    "tilesetWithMultipleExternalB", "validTileset", "validTilesetWithCustomSemantics", "validTilesetWithSchema",
    "validTilesetWithValidGltf",
}

UNSOUND: Final = {
    "assetTilesetVersionInvalidType": "/asset/tilesetVersion: is no string",
    "assetVersionInvalidType": "/asset/version", "assetVersionMissing": "/asset/version: got None",
    "assetVersionUnknown": "/asset/version: got '123.456'",
    "boundingVolumeBoxArrayInvalidElementType": "box is not 12", "boundingVolumeBoxInvalidArrayLength": "box is not 12",
    "boundingVolumeMissingProperty": "neither box, region nor sphere",
    "boundingVolumeRegionArrayElementsOutOfRange": "boundingVolume.region",
    "boundingVolumeRegionArrayInvalidElementType": "region is not 6",
    "boundingVolumeRegionInvalidArrayLength": "region is not 6",
    "boundingVolumeSphereArrayElementOutOfRange": "negative radius",
    "boundingVolumeSphereArrayInvalidElementType": "sphere is not 4",
    "boundingVolumeSphereInvalidArrayLength": "sphere is not 4",
    "extensionFoundButNotUsed": "EXAMPLE_EXTENSION_NOT_DECLARED_AS_USED is used and not declared",
    "extensionNotDeclaredAsRequired": "MAXAR_content_3tz is needed by a content and not declared as required",
    "extensionNotDeclared_1_0_glTF": "3DTILES_content_gltf is used and not declared",
    "extensionRequiredButNotUsed": "EXAMPLE_EXTENSION_NOT_IN_USED is not in extensionsUsed",
    "extensionsInvalidType": "/extensions: is no object", "extensionsValueInvalidType": "/extensions: is no object",
    "extensionsRequiredDuplicateElement": "/extensionsRequired: names an extension twice",
    "extensionsRequiredInvalidArrayLength": "/extensionsRequired: is no array",
    "extensionsRequiredInvalidType": "/extensionsRequired: is no array",
    "extensionsUsedDuplicateElement": "/extensionsUsed: names an extension twice",
    "extensionsUsedInvalidArrayLength": "/extensionsUsed: is no array",
    "extensionsUsedInvalidType": "/extensionsUsed: is no array",
    "groupClassIdInvalid": "/groups/0/class: EXAMPLE_INVALID_CLASS_ID is not in the schema",
    "groupClassIdInvalidType": "/groups/0/class: is missing or no string",
    "groupWithoutSchema": "/groups/0/class: got EXAMPLE_CLASS_ID, but the tileset has no schema",
    "implicitTilingAvailableLevelsInvalidType": "/implicitTiling/availableLevels: got",
    "implicitTilingAvailableLevelsInvalidValue": "/implicitTiling/availableLevels: got",
    "implicitTilingContentUriTemplateVariableInvalid": "/root/content/uri: has {INVALID}",
    "implicitTilingContentsUriTemplateVariableInvalid": "/root/content/uri: has {INVALID}",
    "implicitTilingInvalidType": "/implicitTiling: is no object",
    "implicitTilingRootWithChildren": "/root/children: may not stand beside implicitTiling",
    "implicitTilingRootWithContentBoundingVolume": "/boundingVolume: may not stand beside implicitTiling",
    "implicitTilingRootWithMetadata": "/root/metadata: may not stand beside implicitTiling",
    "implicitTilingSubdivisionSchemeInvalidType": "/subdivisionScheme: got",
    "implicitTilingSubdivisionSchemeInvalidValue": "/subdivisionScheme: got",
    "implicitTilingSubtreeLevelsInvalidType": "/subtreeLevels: got",
    "implicitTilingSubtreeLevelsInvalidValue": "/subtreeLevels: got",
    "implicitTilingSubtreesInvalidType": "/subtrees: is no object",
    "implicitTilingSubtreesUriInvalidType": "/subtrees: is no object with a uri",
    "implicitTilingSubtreesUriMissing": "/subtrees: is no object with a uri",
    "implicitTilingSubtreesUriTemplateVariableInvalid": "/subtrees/uri: has {NOT_A_VALID_NAME}",
    "implicitTilingSubtreesUriTemplateVariableMissing": "/subtrees/uri: has no {y}",
    "implicitTilingWithBoundingSphere": "is a sphere, which cannot be subdivided",
    "invalidJson": "is no JSON",
    "propertiesInvalidType": "/properties/exampleProperty: has no minimum and maximum",
    "propertiesMaximumInvalidType": "has no minimum and maximum",
    "propertiesMaximumMissing": "has no minimum and maximum", "propertiesMinimumInvalidType": "has no minimum and",
    "propertiesMinimumLargerThanMaximum": "has its minimum 10.0 above its maximum 5.0",
    "propertiesMinimumMissing": "has no minimum and maximum",
    "statisticsClassesIdInvalid": "/statistics/classes/INVALID_CLASS_ID: is not in the schema",
    "statisticsClassesInvalidType": "/statistics/classes: is no object",
    "statisticsClassesMinPropertiesMismatch": "/statistics/classes: is no object or an empty one",
    "statisticsClassesPropertiesMinPropertiesMismatch": "exampleClass/properties: is no object or an empty one",
    "statisticsClassesPropertiesPropertyNameInvalid": "INVALID_PROPERTY_NAME: is not in the schema",
    "statisticsClassesValueInvalidType": "/statistics/classes/exampleClass: is no object",
    "statisticsClassesWithoutSchema": "but the tileset has no schema",
    "tileChildrenEmptyArray": "/children: is no array or an empty one",
    "tileContentBoundingVolumeInvalidType": "/content/boundingVolume",
    "tileContentBoundingVolumeNotInTileBoundingVolume": "m out of the volume",
    "tileContentGroupInvalidIndex": "/content/group: got 2", "tileContentGroupInvalidType": "/content/group: got",
    "tileContentGroupNegativeIndex": "/content/group: got -", "tileContentGroupWithoutTilesetGroups": "one of 0 groups",
    "tileContentInvalidType": "/content: is no object", "tileContentsInvalidType": "/contents",
    "tileGeometricErrorMissing": "/root/geometricError", "tileGeometricErrorNegative": "/root/geometricError",
    "tileGeometricErrorNotSmallerThanParentGeometricError": "2.1 is larger than the parent's 2.0",
    "tileInvalidType": "is no object",
    "tileMetadataClassInvalid": "/root/metadata/class: EXAMPLE_INVALID_CLASS_ID is not in the schema",
    "tileMetadataClassInvalidType": "/metadata/class: is missing or no string",
    "tileMetadataClassMissing": "/metadata/class: is missing or no string",
    "tileMetadataGeometricErrorInconsistent": "3.6 is larger than the parent's 3.5",
    "tileMetadataRequiredPropertyMissing": "examplePropertyInt16: is required and missing",
    "tileMetadataRequiredPropertyNull": "examplePropertyInt16: is required and missing",
    "tileMetadataScalarValueNotInRange": "is out of the range of INT16",
    "tileMetadataVec3ArrayElementValueNotInRange": "is out of the range of INT16",
    "tileMetadataVec3ElementValueNotInRange": "is out of the range of INT16",
    "tileMetadataWithoutSchema": "but the tileset has no schema",
    "tileRefineInvalidValue": "/root/refine: got 'INVALID_VALUE'",
    "tileRefineMissingInRoot": "/root/refine: is missing",
    "tileRefineMissingInRootOfExternal": "OfExternalA.json#/root/refine: is missing",
    "tileRefineMissingInRootOfExternalA": "/root/refine: is missing", "tileRefineWrongCase": "/refine: got 'RePlaCe'",
    "tileRefineWrongType": "/refine: got 123.456", "tileTransformInvalidArrayElementType": "/transform: is not 16",
    "tileTransformInvalidArrayLength": "/transform: is not 16", "tileTransformInvalidType": "/transform: is not 16",
    "tileTransformNonInvertible": "cannot be inverted", "tileTransformNotAffine": "not affine",
    "tileWithContentAndContents": "both content and contents", "tilesetAssetMissing": "/asset: is missing",
    "tilesetGeometricErrorMissing": "#/geometricError", "tilesetGeometricErrorNegative": "#/geometricError",
    "tilesetMetadataEntityPropertyEnumInvalidValue": "'EXAMPLE_ENUM_VALUE_THAT_DOES_NOT_EXIST' is none of",
    "tilesetMetadataEntityPropertyMaxNotInRange": "past the declared max of 10.0",
    "tilesetMetadataEntityPropertyMaxWithNormalizedNotInRange": "past the declared max of 0.1",
    "tilesetMetadataEntityPropertyMaxWithOffsetNotInRange": "5.0 is past the declared max of 0.0",
    "tilesetMetadataEntityPropertyMaxWithScaleNotInRange": "10000.0 is past the declared max of 1000.0",
    "tilesetMetadataEntityPropertyMinNotInRange": "past the declared min of 1000.0",
    "tilesetMetadataEntityPropertyMinWithNormalizedNotInRange": "past the declared min of 0.9",
    "tilesetMetadataEntityPropertyMinWithOffsetNotInRange": "5.0 is past the declared min of 10.0",
    "tilesetMetadataEntityPropertyMinWithScaleNotInRange": "1.0 is past the declared min of 10.0",
    "tilesetSchemaUriInvalidType": "/schemaUri: is no string",
    "tilesetWithCycleA": "leads back to itself", "tilesetWithCycleB": "leads back to itself",
    "tilesetWithCycleC": "leads back to itself", "tilesetWithSchemaAndSchemaUri": "has schemaUri beside it",
    "tilesetWithUnicodeBOM": "byte order mark",
    "validTilesetWithExternalValidTilesetWithValidB3dmWithInvalidGlb": "holds a GLB that has 8944 bytes",
    "validTilesetWithGlbWithErrors": "header says", "validTilesetWithGltfWithErrors": "NORMAL has no accessor",
    "validTilesetWithIB3dmWithInvalidAlignment": "has a length not divisible by 8",
    "validTilesetWithInvalidB3dm": "is b3dm version 2", "validTilesetWithInvalidB3dmWithGlbWithInfos": "at byte 49",
    "validTilesetWithInvalidI3dm": "not divisible by 8", "validTilesetWithInvalidPnts": "not divisible by 8",
    "validTilesetWithInvalidSchemaFromUri": "/schemaUri", "validTilesetWithUnresolvableSchemaUri": "json is missing",
    "validTilesetWithValidB3dmWithInvalidGlb": "holds a GLB that has 8944 bytes",
}

OTHERWISE: Final = {
    "implicitTilingValid": "example-0-0-0.subtree#: is missing",
    "tileContentBoundingVolumeWithRotationTransform": "a vertex lies 0.500 m out of the tile's box",
    "validTilesetWithTileMetadata": "/root/refine: is missing",
    "validTilesetWithValidB3dm": "m out of the tile's box",
    "validTilesetWithValidCmptWithGlbInfo": "m out of the tile's box",
    "validTilesetWithValidSchemaFromUri": "/schemaUri: ../schemas/validSchema.json is missing",
}
"""Valid by their names, yet found out, and rightly: a file they refer to does not lie there, the root has no refine
(22-025r4, 7.5.3 asks for it), or a content stands outside its box, which only this verifier measures. Nothing else
may be said of them."""

LEFT_OUT: Final = {
    "customSemanticsSchema": "is a schema for others, no tileset",
    "extensionUsedButNotFound": "an extension declared and not used does no harm: a warning elsewhere",
    "extrasUnexpectedType": "extras may be anything: a warning elsewhere",
    "validTilesetWith3tzWithError": "archives are not opened", "validTilesetWithInvalid3tz": "archives are not opened",
    "validTilesetWithValid3tz": "archives are not opened",
    "validTilesetWithCustomSemanticsWithInvalidType": "semantics of a vendor's own schema are not known here",
    "validTilesetWithGltfWithWarnings": "only errors are reported, and there is none",
}

SUBTREES: Final = {
    "binarySubtreeComputedLengthInvalid.subtree": "header says 360",
    "binarySubtreeInvalidBinaryByteLengthAlignment.subtree": "not divisible by 8",
    "binarySubtreeInvalidJsonByteLengthAlignment.subtree": "not divisible by 8",
    "binarySubtreeInvalidMagic.subtree": "is no subtree", "binarySubtreeInvalidVersion.subtree": "version 2",
    "binarySubtreeJsonInvalid.subtree": "no JSON object", "subtreeBufferViewsWithoutBuffers.json": "/bufferViews/0",
    "subtreeChildSubtreeAvailabilityInvalidType.json": "/childSubtreeAvailability: is no object",
    "subtreeChildSubtreeAvailabilityMissing.json": "/childSubtreeAvailability: is missing",
    "subtreeContentAvailabilityInvalidLength.json": "/contentAvailability: is no array or an empty one",
    "subtreeContentAvailabilityInvalidType.json": "/contentAvailability: is no array",
    "subtreeContentMetadataArrayElementInvalidType.json": "/contentMetadata",
    "subtreeContentMetadataArrayElementInvalidValueA.json": "/contentMetadata",
    "subtreeContentMetadataArrayElementInvalidValueB.json": "/contentMetadata",
    "subtreeContentMetadataInvalidLength.json": "/contentMetadata",
    "subtreeContentMetadataInvalidType.json": "/contentMetadata",
    "subtreeContentMetadataWithoutPropertyTables.json": "/contentMetadata",
    "subtreePropertyTablesElementInvalidType.json": "/propertyTables",
    "subtreePropertyTablesInvalidLength.json": "/propertyTables",
    "subtreePropertyTablesInvalidType.json": "/propertyTables",
    "subtreeTileAvailabilityAvailableCountInvalid.json": "availableCount is 12345, but 7 are set",
    "subtreeTileAvailabilityAvailableCountMismatch.json": "availableCount is 1234, but 7 are set",
    "subtreeTileAvailabilityBitstreamAndConstant.json": "both bitstream and constant",
    "subtreeTileAvailabilityBitstreamInvalidType.json": "is no buffer view",
    "subtreeTileAvailabilityBitstreamInvalidValueA.json": "123.456 is no buffer view",
    "subtreeTileAvailabilityBitstreamInvalidValueB.json": "-1 is no buffer view",
    "subtreeTileAvailabilityBitstreamInvalidValueC.json": "12345 is no buffer view",
    "subtreeTileAvailabilityBitstreamLengthTooLarge.json": "4 bytes, want 3",
    "subtreeTileAvailabilityBitstreamLengthTooSmall.json": "2 bytes, want 3",
    "subtreeTileAvailabilityConstantInvalidType.json": "want 0 or 1",
    "subtreeTileAvailabilityConstantInvalidValue.json": "constant is 3",
    "subtreeTileAvailabilityForParentMissingForAvailableTile.json": "tile 7 has no parent",
    "subtreeTileAvailabilityInvalidType.json": "/tileAvailability: is no object",
    "subtreeTileAvailabilityMissing.json": "/tileAvailability: is missing",
    "subtreeTileAvailabilityMissingForAvailableContent.json": "in a tile that is not available",
    "subtreeTileAvailabilityNeitherBitstreamNorConstant.json": "or neither",
    "subtreeTileMetadataInvalidType.json": "/tileMetadata", "subtreeTileMetadataInvalidValueA.json": "/tileMetadata",
    "subtreeTileMetadataInvalidValueB.json": "/tileMetadata",
    **dict.fromkeys(("binarySubtreeValid.subtree", "validSubtree-0-0-0.json", "validSubtree.json",
                     "validSubtreeBuffersWithoutBufferViews.json", "validSubtreeNoBuffers.json"), ""),
}

EXTERNAL: Final = {
    "declaredInBothContainedInExternal": [], "declaredInBothContainedInTileset": [],
    "declaredInTilesetContainedInTileset": [], "declaredInExternalContainedInExternal": ["tileset.json"],
    "declaredInExternalContainedInTileset": ["tileset.json"],
    "declaredInNoneContainedInExternal": ["external.json", "tileset.json"],
    "declaredInTilesetContainedInExternal": ["external.json"],
}


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "tiles_3d" / "validator" / "tilesets"


def test_every_file_is_judged_or_left_out_with_a_reason(folder: Path) -> None:
    known = [*SOUND, *UNSOUND, *OTHERWISE, *LEFT_OUT]
    assert sorted(known) == sorted(path.stem for path in folder.glob("*.json"))
    subtrees = {p.name for p in (folder.parent / "subtrees").iterdir() if p.suffix in {".json", ".subtree"}}
    assert set(SUBTREES) == subtrees
    assert set(EXTERNAL) == {p.name for p in (folder / "externalTilesetExtensions").iterdir() if p.is_dir()}


@pytest.mark.parametrize("name", sorted(SOUND))
def test_sound_tilesets_pass(folder: Path, name: str) -> None:
    assert verify(folder / f"{name}.json") == []


@pytest.mark.parametrize("name", UNSOUND)
def test_unsound_tilesets_are_found_out(folder: Path, name: str) -> None:
    assert UNSOUND[name] in "\n".join(map(str, verify(folder / f"{name}.json")))


@pytest.mark.parametrize("name", OTHERWISE)
def test_only_the_stated_objection_is_raised(folder: Path, name: str) -> None:
    told = [str(problem) for problem in verify(folder / f"{name}.json")]
    assert told
    assert [text for text in told if OTHERWISE[name] not in text] == []


@pytest.mark.parametrize("name", SUBTREES)
def test_subtrees(folder: Path, name: str) -> None:
    tiling = Tiling(branches=4, levels=3, available=6, template="subtrees/{level}.{x}.{y}.subtree")
    _, wrong = read_subtree(folder.parent / "subtrees" / name, tiling)
    told = "\n".join(f"{place}: {text}" for place, text in wrong)
    assert SUBTREES[name] in told
    assert bool(told) == bool(SUBTREES[name])


@pytest.mark.parametrize("name", EXTERNAL)
def test_extensions_are_declared_up_to_the_root(folder: Path, name: str) -> None:
    told = verify(folder / "externalTilesetExtensions" / name / "tileset.json")
    assert [(p.file, p.place) for p in told] == [(file, "/extensionsUsed") for file in EXTERNAL[name]]


@pytest.mark.parametrize("name", ["packages/validTilesetPackage", "packages/tilesetPackageWithWarnings",
                                  "tiles/i3dm/i3dmWithUri"])
def test_folders_pass(folder: Path, name: str) -> None:
    assert verify(folder / name) == []


def test_metadata_of_every_type_is_read(folder: Path) -> None:
    """A tileset with a property of every type; its root has no refine, nothing else is wrong."""
    told = verify(folder.parent / "TilesetWithFullMetadata")
    assert [p.place for p in told] == ["/root/refine"]
