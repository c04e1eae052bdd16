"""Room on the disks: one figure for each folder mounted below a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class DiskFigures(Collector):
    """The disk's name is the folder's."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def collect(self) -> Iterator[Metric]:
        """Prometheus asks."""
        free = GaugeMetricFamily(
            "jidoka_disk_free_bytes", "Bytes free for us on the disk of a volume.", labels=["disk"]
        )
        size = GaugeMetricFamily("jidoka_disk_size_bytes", "Bytes of the disk of a volume.", labels=["disk"])
        for folder in sorted(self._root.glob("*")) if self._root.is_dir() else []:
            figures = os.statvfs(folder)
            free.add_metric([folder.name], figures.f_bavail * figures.f_frsize)
            size.add_metric([folder.name], figures.f_blocks * figures.f_frsize)
        yield free
        yield size
