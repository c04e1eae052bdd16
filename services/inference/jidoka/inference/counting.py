"""Keeps the metrics of what was inspected."""

from collections import defaultdict, deque
from functools import partial

from jidoka.inference import metrics
from jidoka.inference.model import Model
from jidoka.schemas import Inspection, Verdict

WINDOW = 100

_recent: defaultdict[str, deque[bool]] = defaultdict(partial(deque, maxlen=WINDOW))


def count(inspection: Inspection) -> None:
    """One inspection more."""
    station, verdict = inspection.station, inspection.verdict
    metrics.INSPECTIONS.labels(station, verdict.value).inc()
    for defect in inspection.defects:
        metrics.DEFECTS.labels(station, defect.defect_class).inc()
    timings = inspection.timings
    metrics.QUEUE.observe(timings.queue / 1000)
    if verdict is Verdict.INVALID:
        metrics.INVALID.labels(station, (inspection.reason or "").partition(":")[0]).inc()
        return
    _recent[station].append(verdict is Verdict.FAIL)
    metrics.DEFECT_RATE.labels(station).set(sum(_recent[station]) / len(_recent[station]))
    for stage in ("decode", "prepare", "model", "finish"):
        metrics.STAGE.labels(stage).observe(getattr(timings, stage) / 1000)


def in_use(file: str, model: Model) -> None:
    """This file's model is in use, and no other of that file."""
    for labels in next(iter(metrics.MODEL.collect())).samples:
        if labels.labels["file"] == file:
            metrics.MODEL.remove(*(labels.labels[key] for key in ("file", "name", "version", "sha256", "provider")))
    metrics.MODEL.labels(file, model.ref.name, model.ref.version, model.ref.sha256, model.provider).set(1)
