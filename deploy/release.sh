#!/bin/sh
# Puts a release on this box, or takes the last one back when it does not become healthy:  deploy/release.sh IMAGES_FILE
# IMAGES_FILE is a compose file that names each image by digest, as the release workflow writes it.
set -eu
cd "$(dirname "$0")"
new=$1
current=images.yaml
# the files that .env names as COMPOSE_FILE, or those of a line without extras
files=$(sed -n 's/^COMPOSE_FILE=//p' .env 2>/dev/null | tr ':' '\n' | sed 's/^/-f /' | tr '\n' ' ')
if [ -z "$files" ]; then
  files="-f compose.yaml"
  [ "${MODE:-live}" = live ] && files="$files -f compose.live.yaml"
fi

start() { # the historian first: it reads the messages of both releases
  # shellcheck disable=SC2086 # a list of options
  docker compose $files -f "$1" up -d --no-build --wait --wait-timeout 300 --no-deps historian &&
    docker compose $files -f "$1" up -d --no-build --wait --wait-timeout 300
}

if docker compose ps --services --status running | grep -qx backup; then
  docker compose exec -T backup python /opt/backup/main.py once
fi
# shellcheck disable=SC2086
docker compose $files -f "$new" pull --quiet || echo "not every image could be fetched; those of this box have to do" >&2
if start "$new" && python3 doctor --quick; then
  [ -f "$current" ] && mv "$current" images.previous.yaml
  cp "$new" "$current"
  echo "released"
  exit 0
fi
echo "the release did not become healthy" >&2
if [ -f "$current" ]; then
  echo "going back" >&2 # to images that are here: the registry may be what is away
  start "$current" && echo "the last release runs again" >&2
fi
exit 1
