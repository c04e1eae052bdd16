"""How this service loads its models, and who hears of it."""

import hashlib
from functools import partial
from pathlib import Path

from jidoka.inference import metrics
from jidoka.inference.alarms import RefusedModels
from jidoka.inference.archive import keep
from jidoka.inference.counting import in_use
from jidoka.inference.errors import ModelRefused
from jidoka.inference.line import Inference
from jidoka.inference.model import Machine, Model
from jidoka.inference.models import Models
from jidoka.inference.reference import Goldens, Need
from jidoka.inference.settings import InferenceSettings
from jidoka.inference.trial import try_out
from jidoka.runtime.errors import ConfigError, TransientError
from jidoka.runtime.logs import log

_PROVEN: set[str] = set()
"""What this process has already had in use: going back to it needs no second trial, and is faster by as much."""


def open_models(rules: Inference, goldens: Goldens, settings: InferenceSettings, alarms: RefusedModels) -> Models:
    """The models of the line. Raises ConfigError when one of them is refused: there is no older one to run on."""
    try:
        return Models(rules.models(), partial(_load, rules, goldens, settings, alarms), partial(_refused, alarms))
    except ModelRefused as error:
        raise ConfigError(str(error)) from error


def _load(rules: Inference, goldens: Goldens, settings: InferenceSettings, alarms: RefusedModels, path: Path) -> Model:
    machine = Machine(settings.inference_provider, settings.inference_threads)
    content = _content(path)
    if content not in _PROVEN:
        try_out(path, machine, settings.trial_memory_mb, settings.trial_seconds)
    model = Model.load(path, machine)
    if model.recipe.reference is Need.REQUIRED and not rules.golden:
        raise ModelRefused(f"{path.name} needs a golden image of each SKU, and line.toml has no [[inference.golden]]")
    if model.recipe.reference is None and rules.golden:
        log.warning("golden_not_used", file=str(path), reason="the model has no input `reference`")
    if model.reference:
        model.reference.prepare(goldens)
    _PROVEN.add(content)
    in_use(str(path), model)
    _keep(path, settings.archive)
    _tell(alarms, path, None)
    log.info(
        "model",
        file=str(path),
        name=model.ref.name,
        version=model.ref.version,
        sha256=model.ref.sha256,
        layout=model.recipe.layout,
        classes=list(model.recipe.names),
        provider=model.provider,
        size=f"{model.recipe.form.width}x{model.recipe.form.height}",
    )
    return model


def _content(path: Path) -> str:
    """Hash of a model and its sidecar. Raises ModelRefused."""
    digest = hashlib.sha256()
    try:
        for file in (path, path.with_suffix(".toml")):
            if file == path or file.exists():
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _refused(alarms: RefusedModels, path: Path, reason: str) -> None:
    metrics.REFUSED.labels(str(path)).inc()
    log.error("model_refused", file=str(path), reason=reason)
    _tell(alarms, path, reason)


def _keep(path: Path, folder: Path) -> None:
    try:
        keep(path, folder)
    except OSError as error:
        log.warning("model_not_kept", file=str(path), folder=str(folder), reason=error.strerror)


def _tell(alarms: RefusedModels, path: Path, reason: str | None) -> None:
    try:
        alarms.set(path, reason)
    except TransientError as error:
        log.warning("alarm_not_sent", file=str(path), reason=str(error))
