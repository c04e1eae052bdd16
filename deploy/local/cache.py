"""The local stack's Redis, which nothing needs: where it is not installed, the API keeps its counts to itself."""

import shutil

from places import Places


def prepare(places: Places) -> list[str] | None:
    """The command; None when Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        return None
    listen = ["--bind", "127.0.0.1", "--port", str(places.ports["REDIS_PORT"]), "--protected-mode", "yes"]
    keep = ["--save", "", "--appendonly", "no", "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"]
    return [program, *listen, *keep, "--dir", str(places.folder("redis"))]


def url(places: Places) -> str:
    """How the API finds it."""
    return f"redis://127.0.0.1:{places.ports['REDIS_PORT']}/0"
