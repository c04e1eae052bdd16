"""A model has to find in its reference images what its sidecar says is there."""

from collections import Counter
from pathlib import Path

from jidoka.inference.detector import find
from jidoka.inference.errors import ModelRefused
from jidoka.inference.model import Model
from jidoka.inference.picture import Unreadable, decode, header
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
    path = (folder / reference.image).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ModelRefused(f"the reference image {reference.image} is not beside the model")
    try:
        data = path.read_bytes()
        width, height, _ = header(data)
        image = decode(data, width, height)
    except OSError as error:
        raise ModelRefused(f"the reference image {reference.image} cannot be read: {error.strerror}") from error
    except Unreadable as error:
        raise ModelRefused(f"the reference image {reference.image} is {error}") from error
    return [finding.name for finding in find(model, image, CONFIDENCE, IOU).found]


def _list(classes: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(classes.items())) or "nothing"
