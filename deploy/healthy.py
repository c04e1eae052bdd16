"""The container's health check: whether the service says that it is ready. What is wrong shows in `docker inspect`."""

import os
import sys
import urllib.error
import urllib.request

ADDRESS = os.environ.get("HEALTH_URL") or f"http://127.0.0.1:{os.environ['HTTP_PORT']}/readyz"

try:
    urllib.request.urlopen(ADDRESS, timeout=3).close()  # noqa: S310 - this container's own address
except urllib.error.HTTPError as error:
    sys.exit(error.read(2000).decode(errors="replace"))
except OSError as error:
    sys.exit(f"{ADDRESS}: {error}")
