"""The container's health check: HEALTH is `port/path`, or only `port` when listening is all that is asked.

By a bare socket, since it runs every few seconds in each container. What is wrong shows in `docker inspect`.
"""

import os
import socket
import sys

port, _, path = os.environ["HEALTH"].partition("/")
with socket.create_connection(("127.0.0.1", int(port)), 5) as connection:
    if path:
        connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        with connection.makefile("rb") as answer:
            status = answer.readline().split()[1:2]
            if status != [b"200"]:
                sys.exit(answer.read(2000).decode(errors="replace") or "no answer")
