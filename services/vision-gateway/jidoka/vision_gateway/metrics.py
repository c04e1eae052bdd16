"""All metrics of the vision gateway."""

from prometheus_client import Counter, Gauge, Histogram

CAMERA = ("station", "camera")

STATUS = Gauge("vision_system_status", "1 when the camera answers, 0 when it does not.", CAMERA)
TRIGGERS = Counter(
    "vision_triggers_total",
    "Parts announced; each ends as a frame or as a failed capture.",
    CAMERA,
)
FRAMES = Counter("vision_frames_total", "Frames published, one per part and camera.", CAMERA)
UNHEALTHY = Counter("vision_unhealthy_frames_total", "Frames published as unfit to be judged.", CAMERA)
FAILED = Counter("vision_captures_failed_total", "Parts without a usable frame, by reason.", (*CAMERA, "code"))
DISCARDED = Counter(
    "vision_frames_discarded_total", "Frames that came after their part had been given up; never published.", CAMERA
)
REPEATED = Counter("vision_parts_repeated_total", "Announcements of a part that had been announced before.", CAMERA)
CAPTURE = Histogram(
    "vision_capture_seconds",
    "From the announcement of a part to its image in memory.",
    CAMERA,
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5),
)
PUBLISH = Histogram(
    "vision_publish_seconds",
    "From the image in memory to its frame handed to the broker's client.",
    CAMERA,
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2),
)
WAITING = Gauge("vision_parts_waiting", "Parts announced whose image has not been taken yet.", CAMERA)
LIVE = Counter("vision_live_frames_total", "Live images published.", CAMERA)
HANGING = Gauge("vision_camera_hanging", "1 while a call to the camera has outlasted its time.", CAMERA)
REFUSED = Counter(
    "vision_files_refused_total",
    "Pushed files not used: double, late, overflow, unreadable (cut, wrong type, too large).",
    (*CAMERA, "reason"),
)
UNCLAIMED = Counter("vision_ftp_files_unclaimed_total", "Files pushed by FTP that no camera of line.toml claims.")
FTP_FAILED = Counter("vision_ftp_failed_total", "FTP logins and uploads refused, by reason.", ("reason",))
RESULTS = Counter(
    "vision_keyence_results_total", "Result lines of a controller, by its own judgement.", ("controller", "judgement")
)
STRAY = Counter(
    "vision_keyence_stray_lines_total",
    "Lines of a controller that nobody asked for and that are no result.",
    ("controller",),
)
RESETS = Counter(
    "vision_keyence_resets_total",
    "Resets of a controller's count: at connecting, at a change of program, and when counts did not fit.",
    ("controller",),
)
