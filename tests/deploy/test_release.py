"""release.sh on the running demo: a release that becomes healthy stays, one that does not is taken back."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def release(stack, folder: Path, image: str) -> subprocess.CompletedProcess[str]:
    (folder / "images.new.yaml").write_text(f'services: {{ api: {{ image: "{image}" }} }}\n')
    command = ["sh", str(folder / "release.sh"), "images.new.yaml"]
    environment = stack.environment | {"COMPOSE_PROJECT_NAME": stack.project, "MODE": "sim"}
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=1500, env=environment)


def image_of(stack, service: str) -> str:
    [found] = [one for one in stack.containers() if one["Name"] == f"/{stack.container(service)}"]
    return str(found["Config"]["Image"])


def test_a_sick_release_is_taken_back(stack, tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    shutil.copytree(ROOT / "deploy", folder)
    good, sick = f"jidoka/api:{stack.project}", "jidoka/setup:0.1.0"
    subprocess.run(["docker", "tag", "jidoka/api:0.1.0", good], check=True)
    try:
        done = release(stack, folder, good)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "released"), done.stdout + done.stderr
        assert image_of(stack, "api") == good

        done = release(stack, folder, sick)
        assert done.returncode == 1
        assert "the last release runs again" in done.stderr
        assert image_of(stack, "api") == good
        with stack.https() as client:
            assert client.get("/api/v1/parts").is_success
    finally:
        stack.up()
        subprocess.run(["docker", "rmi", good], check=True, capture_output=True)
