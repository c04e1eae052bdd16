"""`python -m jidoka.api` serves; `openapi` prints the document; `audit verify` checks the audit log."""

import sys

import uvicorn

from jidoka.api import __version__, commands
from jidoka.api.line import load_line
from jidoka.api.protocol import PatientProtocol, WireProtocol
from jidoka.api.service import build
from jidoka.api.settings import ApiSettings, check
from jidoka.runtime.bus import Bus
from jidoka.runtime.journal import Journal
from jidoka.runtime.logs import configure_logs, log
from jidoka.runtime.service import run
from jidoka.runtime.settings import load_settings

MAX_WORD = 16 * 1024


def serve() -> None:
    """Until a signal."""
    settings = load_settings(ApiSettings)
    check(settings)
    line = load_line(settings.line_file)
    configure_logs(settings.log_level, settings.log_format, service="api")
    log.info("started", version=__version__, settings=settings.effective())
    journal = Journal(settings.journal_path)
    with Bus(settings.mqtt, line.scope, "api", settings.instance, __version__, journal, session_expiry=60) as bus:
        uvicorn.run(
            build(settings, line, bus, journal), host=settings.api_host, port=settings.api_port, http=PatientProtocol,
            ws=WireProtocol, ws_per_message_deflate=False, ws_max_size=MAX_WORD, ws_ping_interval=20,
            ws_ping_timeout=20, access_log=False, log_level="warning", server_header=False,
            proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=5, timeout_keep_alive=30,
        )  # fmt: skip
    journal.close()
    log.info("stopped")


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            run(serve)
        case ["openapi"]:
            run(commands.print_openapi)
        case ["audit", "verify"]:
            run(commands.verify_audit)
        case _:
            sys.exit("usage: python -m jidoka.api [openapi | audit verify]")
