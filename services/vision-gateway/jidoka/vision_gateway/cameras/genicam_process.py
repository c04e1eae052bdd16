"""The GenTL producer's own process: a maker's binary that crashes or hangs takes nothing else with it.

`python -m jidoka.vision_gateway.cameras.genicam_process JSON` gets producer, device, features and `every` (each image,
or only those asked for by a byte on standard input). It writes to standard output, for each image, the
length of a JSON header in four bytes, the header (width, height, format, number, bytes), and the pixels as they came.
Trouble is a header with `trouble` and no pixels; the process ends with it. An image of which packets are missing is a
header with `torn`.
"""

import json
import os
import struct
import sys
import threading
from pathlib import Path
from typing import Any

from genicam import genapi, gentl  # type: ignore[import-untyped]
from harvesters.core import Callback, Harvester, ImageAcquirer  # type: ignore[import-untyped]

GENICAM = (genapi.GenericException, gentl.GenericException)
FETCH = 0.5
SILENT_FETCHES = 6


class Requests(threading.Thread):
    """Images asked for; ends with standard input."""

    def __init__(self) -> None:
        super().__init__(name="requests", daemon=True)
        self.asked, self.ended = threading.Event(), threading.Event()

    def run(self) -> None:
        """Reads until the parent has gone."""
        while os.read(sys.stdin.fileno(), 64):  # unbuffered: a buffer's lock would hold up the end of the process
            self.asked.set()
        self.ended.set()


def main() -> None:
    """Serves images until standard input ends."""
    config = json.loads(sys.argv[1])
    requests = Requests()
    requests.start()
    harvester = Harvester()
    try:
        _open_and_serve(harvester, config, requests)
    except (*GENICAM, TroubleFound, OSError) as error:
        _write({"trouble": str(error) or type(error).__name__}, b"")
    finally:
        harvester.reset()


class Torn(Callback):  # type: ignore[misc]
    """Harvesters drops an incomplete image and waits on, without a word but this."""

    def emit(self, context: object | None = None) -> None:  # noqa: ARG002 - harvesters'
        """One more."""
        _write({"torn": True}, b"")


class TroubleFound(Exception):
    """What keeps the camera from working, in words."""


def _open_and_serve(harvester: Any, config: dict[str, Any], requests: Requests) -> None:
    if not Path(config["producer"]).is_file():
        raise TroubleFound(f"no file {config['producer']}")
    harvester.add_file(config["producer"])
    harvester.update()
    found = [str(device.id_) for device in harvester.device_info_list]
    chosen = next((place for place, device in enumerate(found) if config["device"] in device), None)
    if chosen is None:
        raise TroubleFound(f"the producer finds no device {config['device']}; it finds {', '.join(found) or 'none'}")
    acquirer = harvester.create(chosen)
    nodes = acquirer.remote_device.node_map
    for name, value in config["features"].items():
        try:
            getattr(nodes, name).value = value
        except (AttributeError, *GENICAM) as error:
            raise TroubleFound(f"feature {name} = {value}: {error or type(error).__name__}") from error
    acquirer.add_callback(ImageAcquirer.Events.INCOMPLETE_BUFFER, Torn())
    acquirer.start()
    try:
        _serve(acquirer, nodes, requests, every=config["every"])
    finally:
        acquirer.stop()
        acquirer.destroy()


def _serve(acquirer: Any, nodes: Any, requests: Requests, *, every: bool) -> None:
    """An image is begun after it was asked for: by a software trigger, or as the second that comes from then on."""
    triggered = _value(nodes, "TriggerMode") == "On" and _value(nodes, "TriggerSource") == "Software"
    skip, silent, wanted = 0, 0, False
    counted = 0
    while not requests.ended.is_set():
        if requests.asked.is_set():
            requests.asked.clear()
            wanted, skip = True, 0 if triggered else 1
            if triggered:
                nodes.TriggerSoftware.execute()
        try:
            buffer = acquirer.fetch(timeout=FETCH)
        except gentl.TimeoutException:
            silent += 1
            if silent >= SILENT_FETCHES and not triggered and not every:
                raise TroubleFound("no image comes") from None
            continue
        silent, counted = 0, counted + 1
        if every or (wanted and not skip):
            _send(buffer, counted)
            wanted = False
        skip = max(0, skip - 1)
        buffer.queue()


def _send(buffer: Any, counted: int) -> None:
    image = buffer.payload.components[0]
    data = image.data.tobytes()
    header = {"width": image.width, "height": image.height, "format": image.data_format, "bytes": len(data)}
    _write(header | {"number": _number(buffer, counted)}, data)


def _number(buffer: Any, counted: int) -> int:
    try:
        return int(buffer.module.frame_id)
    except GENICAM:
        return counted


def _value(nodes: Any, name: str) -> Any:
    node = getattr(nodes, name, None)
    return None if node is None else node.value


def _write(header: dict[str, Any], data: bytes) -> None:
    text = json.dumps(header).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(text)) + text + data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
