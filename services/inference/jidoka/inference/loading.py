"""How this service loads its models, and who hears of it."""

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
from jidoka.inference.settings import InferenceSettings
from jidoka.inference.trial import try_out
from jidoka.runtime.errors import ConfigError, TransientError
from jidoka.runtime.logs import log


def open_models(rules: Inference, settings: InferenceSettings, alarms: RefusedModels) -> Models:
    """The models of the line. Raises ConfigError when one of them is refused: there is no older one to run on."""
    try:
        return Models(rules.models(), partial(_load, settings, alarms), partial(_refused, alarms))
    except ModelRefused as error:
        raise ConfigError(str(error)) from error


def _load(settings: InferenceSettings, alarms: RefusedModels, path: Path) -> Model:
    machine = Machine(settings.inference_provider, settings.inference_threads)
    try_out(path, machine, settings.trial_memory_mb, settings.trial_seconds)
    model = Model.load(path, machine)
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
