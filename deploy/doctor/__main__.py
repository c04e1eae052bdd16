"""`make doctor`: what can be checked of this box and the line on it, a line each, with what to do.

python3 deploy/doctor [--project jidoka] [--before | --quick]
"""

import argparse
import sys

import box
import line
import machines
import stores
import watch
from engine import Engine, settings
from report import show


def main() -> int:
    """Exit status: 1 when a check failed."""
    parser = argparse.ArgumentParser(prog="doctor", description="Checks this box and the line on it.")
    name = settings().get("COMPOSE_PROJECT_NAME") or "jidoka"
    parser.add_argument("--project", default=name, help="the compose project's name")
    parser.add_argument("--before", action="store_true", help="only what must be right before the first start")
    parser.add_argument("--quick", action="store_true", help="only this box and its containers")
    options = parser.parse_args()
    engine = Engine(options.project)
    findings = list(box.checks(engine))
    if not options.before:
        findings += line.checks(engine)
        if engine.running() and not options.quick:
            findings += [*machines.checks(engine), *stores.checks(engine), *watch.checks(engine)]
    return show(findings)


if __name__ == "__main__":
    sys.exit(main())
