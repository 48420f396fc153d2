#!/bin/bash
# install-engine.sh
# Installs what the container tests need from Debian's own packages: an engine that builds and runs images without a
# daemon, the parts of a stand-in base image, and a registry to push to. Debian 12 or newer, as root.
set -euo pipefail

PACKAGES=(
  buildah podman crun                           # build and run
  mmdebstrap debian-archive-keyring             # the stand-in base image
  docker-registry                               # the stand-in for ECR
  curl jq                                       # what buildspec.yml calls, as in the CodeBuild image
  util-linux                                    # unshare and nsenter
)

main() {
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a registry of its own on every interface; the tests start theirs on loopback.
  if [[ -d /run/systemd/system ]]; then
    systemctl mask --quiet docker-registry.service
  fi
  apt-get update -qq
  apt-get install -qq --yes --no-install-recommends "${PACKAGES[@]}" >/dev/null
}

main "$@"
