"""The newest live image of each camera."""

import asyncio

from jidoka.schemas import LiveFrame

Place = tuple[str, str]


class LiveFrames:
    """Newest wins; who waits gets the next one."""

    def __init__(self) -> None:
        self._newest: dict[Place, LiveFrame] = {}
        self._next: dict[Place, asyncio.Future[LiveFrame]] = {}

    def put(self, frame: LiveFrame) -> None:
        """Replaces the camera's image."""
        place = (frame.station, frame.camera)
        self._newest[place] = frame
        waiting = self._next.pop(place, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    def newest(self, station: str, camera: str) -> LiveFrame | None:
        """The newest image, or None before the first."""
        return self._newest.get((station, camera))

    async def following(self, station: str, camera: str) -> LiveFrame:
        """The next image that comes."""
        place = (station, camera)
        waiting = self._next.get(place)
        if waiting is None or waiting.done():
            waiting = self._next[place] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(waiting)
