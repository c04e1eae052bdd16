"""When the certificates end that our listeners show; asked of the listeners, since that is what clients see."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

KEEP_S = 600.0
TIMEOUT_S = 3.0


class CertificateFigures(Collector):
    """`listeners` is "edge=edge:8443,broker=broker:8883"."""

    def __init__(self, listeners: str) -> None:
        pairs = [pair.split("=", 1) for pair in listeners.split(",") if pair.strip()]
        self._listeners = {name.strip(): address.strip() for name, address in pairs}
        self._kept: dict[str, tuple[float, float]] = {}

    def collect(self) -> Iterator[Metric]:
        """Prometheus asks. A listener that does not answer is left out; its last answer counts for ten minutes."""
        family = GaugeMetricFamily(
            "jidoka_certificate_ends_seconds", "End of a certificate, Unix time.", labels=["name"]
        )
        for name, address in self._listeners.items():
            ends = self._ends(name, address)
            if ends is not None:
                family.add_metric([name], ends)
        yield family

    def _ends(self, name: str, address: str) -> float | None:
        at, ends = self._kept.get(name, (-KEEP_S, 0.0))
        if time.monotonic() - at < KEEP_S:
            return ends
        try:
            ends = end_of(address)
        except (OSError, subprocess.CalledProcessError):
            return None
        self._kept[name] = (time.monotonic(), ends)
        return ends


def end_of(address: str) -> float:
    """Unix time. Raises OSError when nothing answers with TLS."""
    host, _, port = address.rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname = False  # it is looked at, not trusted
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, int(port)), TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert(binary_form=True) or b""
    command = ["openssl", "x509", "-inform", "DER", "-noout", "-enddate"]
    done = subprocess.run(command, input=certificate, check=True, capture_output=True)
    text = done.stdout.decode().strip().removeprefix("notAfter=")
    return datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC).timestamp()
