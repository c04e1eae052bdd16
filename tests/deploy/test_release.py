"""release.sh on the running demo: a release that becomes healthy stays, one that does not is taken back."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


DEPLOY = ROOT / "deploy"
WRITTEN = [DEPLOY / f"images{name}.yaml" for name in ("", ".new", ".previous")]


def release(stack, image: str) -> subprocess.CompletedProcess[str]:
    (DEPLOY / "images.new.yaml").write_text(f'services: {{ api: {{ image: "{image}" }} }}\n')
    command = ["sh", str(DEPLOY / "release.sh"), "images.new.yaml"]
    environment = stack.environment | {"COMPOSE_PROJECT_NAME": stack.project, "MODE": "sim"}
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=1500, env=environment)


def image_of(stack, service: str) -> str:
    [found] = [one for one in stack.containers() if one["Name"] == f"/{stack.container(service)}"]
    return str(found["Config"]["Image"])


def test_a_sick_release_is_taken_back(stack) -> None:
    assert not any(path.exists() for path in WRITTEN), "this checkout has a release of its own"
    good, sick = f"jidoka/api:{stack.project}", "jidoka/setup:0.1.0"
    subprocess.run(["docker", "tag", "jidoka/api:0.1.0", good], check=True)
    try:
        done = release(stack, good)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "released"), done.stdout + done.stderr
        assert image_of(stack, "api") == good

        done = release(stack, sick)
        assert done.returncode == 1
        assert "the last release runs again" in done.stderr, done.stdout + done.stderr
        assert image_of(stack, "api") == good
        with stack.https() as client:
            assert client.get("/api/v1/parts").is_success
    finally:
        for path in WRITTEN:
            path.unlink(missing_ok=True)
        stack.up()
        subprocess.run(["docker", "rmi", good], check=True, capture_output=True)
