"""The container's health check: HEALTH is `port/path`, or only `port` when listening is all that is asked.

By the interpreter's own bare socket: it runs every few seconds in each container, where `socket` would be compiled anew
each time. What is wrong shows in `docker inspect`.
"""

import os
import sys
from _socket import AF_INET, SOCK_STREAM, socket

port, _, path = os.environ["HEALTH"].partition("/")
connection = socket(AF_INET, SOCK_STREAM)
connection.settimeout(5)
connection.connect(("127.0.0.1", int(port)))
if path:
    connection.sendall(f"GET /{path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
    answer = b""
    while len(answer) < 2000 and (more := connection.recv(2000)):
        answer += more
    if answer.split(maxsplit=2)[1:2] != [b"200"]:
        sys.exit(answer.decode(errors="replace") or "no answer")
