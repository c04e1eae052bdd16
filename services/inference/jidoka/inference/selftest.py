"""A model has to find in its reference images what its sidecar says is there."""

import hashlib
from collections import Counter
from pathlib import Path

from jidoka.inference.detector import find
from jidoka.inference.errors import ModelRefused
from jidoka.inference.model import Model
from jidoka.inference.picture import Unreadable, decode, header
from jidoka.inference.reference import Golden, Need, NoGolden
from jidoka.inference.sidecar import Reference, load_sidecar

CONFIDENCE = 0.75
IOU = 0.45


def prove(model: Model, path: Path) -> None:
    """Run the reference images of a model's sidecar through it. Raises ModelRefused at the first wrong answer."""
    for reference in load_sidecar(path).reference:
        seen = Counter(_seen(model, path.parent, reference))
        wanted = Counter(reference.classes)
        if seen != wanted:
            raise ModelRefused(
                f"{path.name} found {_list(seen)} in its reference image {reference.image}, where {_list(wanted)} is"
            )


def _seen(model: Model, folder: Path, reference: Reference) -> list[str]:
    data = _beside(folder, reference.image)
    try:
        width, height, _ = header(data)
        image = decode(data, width, height)
    except Unreadable as error:
        raise ModelRefused(f"the reference image {reference.image} is {error}") from error
    if model.recipe.reference is Need.REQUIRED and reference.golden is None:
        raise ModelRefused(f"the reference image {reference.image} needs the golden image that it is compared with")
    golden = _golden(folder, reference.golden) if reference.golden else None
    try:
        return [finding.name for finding in find(model, image, CONFIDENCE, IOU, golden).found]
    except NoGolden as error:
        raise ModelRefused(f"the golden image of {reference.image} does not fit it: {error}") from error


def _golden(folder: Path, name: str) -> Golden:
    data = _beside(folder, name)
    golden = Golden(name, hashlib.sha256(data).hexdigest(), data)
    try:
        golden.pixels()
    except ValueError as error:
        raise ModelRefused(f"the golden image {name} is {error}") from error
    return golden


def _beside(folder: Path, name: str) -> bytes:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ModelRefused(f"the reference image {name} is not beside the model")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelRefused(f"the reference image {name} cannot be read: {error.strerror}") from error


def _list(classes: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(classes.items())) or "nothing"
