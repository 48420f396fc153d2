#!/bin/bash
# engine.sh STORE RUN_DIR COMMAND [ARGUMENT...]
# Runs COMMAND where buildah and podman work as root with neither systemd nor control groups of their own, as inside
# another container. STORE keeps images between runs; RUN_DIR is new each time and holds what must not outlive it.
# COMMAND finds its settings in CONTAINERS_CONF and CONTAINERS_STORAGE_CONF, and mounts only it can see; a later
# `nsenter --mount --target PID` with the same two variables joins it.
# Containers share this machine's network, and nothing limits their memory.
set -euo pipefail

write_settings() {
  local store=$1 run_dir=$2
  cat >"$run_dir/containers.conf" <<SETTINGS
[containers]
cgroups = "disabled"
netns = "host"
log_driver = "k8s-file"
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
tmp_dir = "$run_dir/tmp"
SETTINGS
  cat >"$run_dir/storage.conf" <<SETTINGS
[storage]
driver = "overlay"
graphroot = "$store"
runroot = "$run_dir/storage"
SETTINGS
}

main() {
  local store=$1 run_dir=$2
  shift 2
  mkdir -p "$store" "$run_dir/tmp"
  # One engine at a time for each store, until COMMAND ends. What podman remembers of earlier containers names the
  # RUN_DIR of that time, with which it would refuse to start.
  exec 9>"$store/in-use.lock"
  flock 9
  rm -rf "$store/libpod"
  write_settings "$store" "$run_dir"
  export CONTAINERS_CONF="$run_dir/containers.conf" CONTAINERS_STORAGE_CONF="$run_dir/storage.conf"
  # Beside the older control groups, a mounted unified hierarchy makes podman take the machine for what it is not.
  # shellcheck disable=SC2016  # the inner shell expands these
  exec unshare --mount --propagation private bash -c '
    if mountpoint --quiet /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
    exec "$@"' engine "$@"
}

main "$@"
