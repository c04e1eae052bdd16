#!/bin/sh
# Installs the Debian or Ubuntu packages that `make run` and `make test` need and this machine lacks.
set -eu
missing=
command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
for package in "$@"; do
  case $package in
  chromium) command -v chromium >/dev/null || missing="$missing $package" ;;
  tshark) command -v tshark >/dev/null || missing="$missing $package" ;;
  promtool) command -v promtool >/dev/null || missing="$missing prometheus" ;;
  redis-server) command -v redis-server >/dev/null || missing="$missing $package" ;;
  rclone) command -v rclone >/dev/null || missing="$missing $package" ;;
  rtsp-server)
    /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null &&
      [ -n "$(find /usr/lib -name libgstx264.so 2>/dev/null)" ] && [ -n "$(find /usr/lib -name libgstrtp.so 2>/dev/null)" ] ||
      missing="$missing python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good
        gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly" ;;
  amtool) command -v amtool >/dev/null || missing="$missing prometheus-alertmanager" ;;
  esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null || { command -v sudo >/dev/null && [ -t 0 ]; }; then
  as_root=sudo
else
  echo "Jidoka needs these packages; ask an administrator to install them:$missing" >&2
  exit 1
fi
command -v apt-get >/dev/null || { echo "Jidoka needs these packages:$missing" >&2; exit 1; }
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
