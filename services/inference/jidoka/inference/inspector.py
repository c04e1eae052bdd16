"""A frame to its inspection and, where it is worth keeping, its evidence. Every frame ends as an inspection."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from jidoka.inference import metrics
from jidoka.inference.counting import count
from jidoka.inference.detector import Findings, find
from jidoka.inference.errors import ModelRefused
from jidoka.inference.line import Inference
from jidoka.inference.model import Model
from jidoka.inference.picture import Unreadable, decode, header
from jidoka.inference.reference import Goldens, NoGolden
from jidoka.inference.verdict import Judgement, judge
from jidoka.schemas import Defect, Evidence, Frame, Inspection, Message, Role, Timings, Verdict, derived_id


class Publisher(Protocol):
    """The part of the bus that is needed here."""

    def publish(self, message: Message, traceparent: str | None = None) -> None:
        """Send a message."""


Choose = Callable[[str, str | None], Model]


class Inspector:
    """Inspects frames with the model that `choose` gives for a station and SKU, by the line's rules."""

    def __init__(self, choose: Choose, rules: Inference, config_sha256: str, goldens: Goldens | None = None) -> None:
        self._choose, self._rules = choose, rules
        self._goldens = goldens or Goldens()
        self._config = self._goldens.fingerprint(config_sha256)
        self._floor = rules.floor()

    def work(self, frame: Frame, bus: Publisher) -> None:
        """Inspect a frame and publish what comes of it; the verdict goes first, the image to keep after it."""
        inspection = self.inspect(frame)
        bus.publish(inspection)
        count(inspection)
        evidence = self.evidence(frame, inspection)
        if evidence:
            bus.publish(evidence)
            metrics.EVIDENCE.labels(evidence.verdict.value).inc()

    def inspect(self, frame: Frame, now: datetime | None = None) -> Inspection:
        """The inspection of a frame; a frame that is late, damaged or sick is invalid without a run of the model."""
        now = now or datetime.now(UTC)
        started = time.perf_counter()
        model = self._choose(frame.station, frame.sku)
        findings = Findings((), 0.0, 0.0, 0.0, 0.0)
        decode_ms = 0.0
        try:
            _check(frame, now)
            golden = self._goldens.of(frame.sku, frame.station, frame.camera) if model.reference else None
            image = decode(frame.image, frame.width, frame.height)
            decode_ms = round((time.perf_counter() - started) * 1000, 3)
            findings = find(model, image, self._floor, self._rules.nms_iou, golden)
            judged = judge(findings.found, self._rules, frame.station, frame.camera)
        except Invalid as error:
            judged = Judgement(Verdict.INVALID, str(error), ())
        except NoGolden as error:
            judged = Judgement(Verdict.INVALID, f"golden: {error}", ())
        except Unreadable as error:
            judged = Judgement(Verdict.INVALID, f"unreadable: {error}", ())
        except ModelRefused as error:
            judged = Judgement(Verdict.INVALID, f"model: {error}"[:500], ())
        queue = max(0.0, (now - frame.captured_at).total_seconds() * 1000)
        timings = Timings(
            queue=round(min(queue, 86_400_000), 3),
            decode=decode_ms,
            prepare=findings.prepare_ms,
            model=findings.model_ms,
            finish=findings.finish_ms,
        )
        return self._write(frame, model, judged, findings, timings)

    def evidence(self, frame: Frame, inspection: Inspection) -> Evidence | None:
        """The image to keep: of every fail, of every invalid one that is an image at all, of a share of the passes."""
        if inspection.verdict is Verdict.PASS and not _sampled(frame, self._rules.evidence_pass_share):
            return None
        if inspection.verdict is Verdict.INVALID and not _is_image(frame):
            return None
        return Evidence(
            frame_id=frame.frame_id,
            inspection_id=inspection.inspection_id,
            part_id=frame.part_id,
            station=frame.station,
            camera=frame.camera,
            verdict=inspection.verdict,
            captured_at=frame.captured_at,
            width=frame.width,
            height=frame.height,
            sha256=hashlib.sha256(frame.image).hexdigest(),
            image=frame.image,
        )

    def _write(self, frame: Frame, model: Model, judged: Judgement, findings: Findings, timings: Timings) -> Inspection:
        inspection_id = derived_id(frame.frame_id, model.ref.sha256, Role.LIVE)
        defects = tuple(
            Defect(
                defect_id=derived_id(inspection_id, number),
                defect_class=finding.name,
                confidence=finding.confidence,
                box=finding.box,
            )
            for number, finding in enumerate(judged.findings)
        )
        valid = judged.verdict is not Verdict.INVALID
        return Inspection(
            inspection_id=inspection_id,
            frame_id=frame.frame_id,
            part_id=frame.part_id,
            station=frame.station,
            camera=frame.camera,
            role=Role.LIVE,
            verdict=judged.verdict,
            reason=judged.reason,
            defects=defects,
            quality_score=round(1.0 - findings.best, 6) if valid else None,
            model=model.ref,
            config_sha256=self._config,
            width=frame.width,
            height=frame.height,
            captured_at=frame.captured_at,
            inspected_at=datetime.now(UTC),
            timings=timings,
        )


class Invalid(Exception):
    """A frame that is not worth a run of the model; the message is the reason."""


def _check(frame: Frame, now: datetime) -> None:
    if frame.deadline_at is not None and now > frame.deadline_at:
        late = (now - frame.deadline_at).total_seconds() * 1000
        raise Invalid(f"late: {late:.0f} ms past the part's deadline")
    if not frame.intact():
        raise Invalid("damaged: the image is not what the camera's gateway sent (sha256)")
    if not frame.healthy:
        raise Invalid(f"unhealthy: {frame.health or 'image health'}"[:500])


def _is_image(frame: Frame) -> bool:
    try:
        return header(frame.image)[:2] == (frame.width, frame.height)
    except Unreadable:
        return False


def _sampled(frame: Frame, share: float) -> bool:
    """The same answer for the same frame: the end of a UUIDv7 is random."""
    return (frame.frame_id.int & 0xFFFFFFFF) < share * 2**32
