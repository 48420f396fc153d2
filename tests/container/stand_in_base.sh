#!/bin/bash
# stand_in_base.sh TAG
# Makes a stand-in for the official Python base image out of Debian's own packages and names it TAG in the containers
# store, so that the Dockerfile can be built unchanged where no image registry can be reached. Root; needs buildah
# and mmdebstrap; run it under engine.sh.
# It has the same Debian and the same minor version of Python, pip included and byte code left out as the official
# image does, and trusts whom this machine trusts. What it cannot show: the official image's size, patch level,
# vulnerabilities, build options of Python, or that the tag exists.
set -euo pipefail

SUITE=trixie
PACKAGES=ca-certificates,netbase,tzdata,python3,python3-venv

main() {
  local tag=$1
  root=$(mktemp --directory)
  trap 'rm -rf "$root"' EXIT
  mmdebstrap --quiet --mode=root --variant=apt --include="$PACKAGES" \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' "$SUITE" "$root"
  put_python_where_the_official_image_has_it
  trust_whom_this_machine_trusts
  import_as "$tag"
}

put_python_where_the_official_image_has_it() {
  local wheels=("$root"/usr/share/python-wheels/pip-*.whl)
  local wheel=${wheels[0]#"$root"}
  rm -f "$root"/usr/lib/python3*/EXTERNALLY-MANAGED
  ln -s /usr/bin/python3 "$root/usr/local/bin/python"
  ln -s /usr/bin/python3 "$root/usr/local/bin/python3"
  chroot "$root" python3 "$wheel/pip" install --quiet --no-index --no-deps --root-user-action ignore "$wheel"
  find "$root/usr" -name '*.pyc' -delete
}

# Behind a proxy that inspects TLS, or with an index of one's own, RUN pip needs what pip here has.
trust_whom_this_machine_trusts() {
  local index
  cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  {
    echo '[global]'
    echo 'cert = /etc/ssl/certs/ca-certificates.crt'
    if index=$(python3 -m pip config get global.index-url 2>/dev/null); then echo "index-url = $index"; fi
  } >"$root/etc/pip.conf"
}

import_as() {
  local container
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$root" / >/dev/null
  buildah config --env PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin --env LANG=C.UTF-8 \
    --cmd python3 "$container"
  buildah commit --quiet --format docker --rm "$container" "$1" >/dev/null
}

main "$@"
