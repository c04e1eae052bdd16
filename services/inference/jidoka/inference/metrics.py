"""All metrics of the inference service."""

from prometheus_client import Counter, Gauge, Histogram

_MS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)

INSPECTIONS = Counter("inference_inspections_total", "Inspections published, by verdict.", ("station", "verdict"))
INVALID = Counter("inference_invalid_total", "Invalid inspections, by the kind of reason.", ("station", "kind"))
DEFECTS = Counter("inference_defects_total", "Defects found, by class.", ("station", "defect_class"))
DEFECT_RATE = Gauge("defect_rate", "Share of the last 100 valid inspections that failed.", ("station",))
STAGE = Histogram("inference_stage_seconds", "Time one frame takes in each stage.", ("stage",), buckets=_MS)
QUEUE = Histogram("inference_queue_seconds", "From capture to the start of work, by two hosts' clocks.", buckets=_MS)
EVIDENCE = Counter("inference_evidence_total", "Images published to be kept, by verdict.", ("verdict",))
MODEL = Gauge("inference_model_info", "1 for each model in use.", ("file", "name", "version", "sha256", "provider"))
REFUSED = Counter("inference_models_refused_total", "Model files that were replaced and not taken over.", ("file",))
