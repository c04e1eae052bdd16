#!/bin/sh
# Renders every overlay and checks the result: schemas of Kubernetes, Pod Security *restricted*, then policies. Needs kubectl,
# python3 with PyYAML, and from PyPI kubernetes-validate and checkov (each in an environment of its own: pipx).
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for overlay in demo production; do
  kubectl kustomize "overlays/$overlay" >"$work/$overlay.yaml"
done
# the components, taken into a copy
mkdir -p "$work/tree/k8s"
cp -r base components overlays "$work/tree/k8s/"
cp -r ../mosquitto ../database ../grafana ../config "$work/tree/"
sed -i 's/^# components:/components:/' "$work/tree/k8s/overlays/production/kustomization.yaml"
kubectl kustomize "$work/tree/k8s/overlays/production" >"$work/components.yaml"
for rendered in demo production components; do
  for version in 1.30 1.37; do
    kubernetes-validate --strict --quiet --no-warn -k "$version" "$work/$rendered.yaml"
  done
  python3 restricted.py "$work/$rendered.yaml"
  checkov --config-file .checkov.yaml -f "$work/$rendered.yaml"
  echo "$rendered: $(grep -c '^kind:' "$work/$rendered.yaml") objects, valid for 1.30 and 1.37, policies clean"
done
