#!/bin/sh
# Make stand-ins for the base images that docker-compose.yml and Dockerfile name, where none can be pulled: from Debian's
# packages, by debootstrap, under the same names. PostgreSQL and Redis have Debian's versions. Needs root.
#   make.sh <folder of wheels that no index has, or nothing>
set -eu
here=$(dirname "$(readlink -f "$0")")
wheels=${1:-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
if ! docker image inspect llm-night-watch-bookworm >/dev/null 2>&1; then
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv,postgresql,redis-server,netbase,tzdata \
        bookworm "$root" http://deb.debian.org/debian
    # The machine's own certificates: it may reach the index through a proxy.
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    mkdir "$root/opt/wheels"
    [ -z "$wheels" ] || cp "$wheels"/*.whl "$root/opt/wheels/"
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar --directory="$root" --create . | docker import - llm-night-watch-bookworm
fi
build() {
    docker build --quiet --target "$1" --tag "$2" "$here"
}
build python python:3.11-slim-bookworm
build postgres postgres:17-bookworm
build redis redis:7.2-bookworm
