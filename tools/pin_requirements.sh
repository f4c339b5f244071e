#!/bin/sh
# Writes requirements/*.txt anew: every dependency pinned, with hashes, for every platform; no download host is named.
set -eu
cd "$(dirname "$0")/.."
pin() {
    file=$1
    shift
    uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url \
        --no-annotate --custom-compile-command tools/pin_requirements.sh "$@" pyproject.toml -o "requirements/$file" \
        --upgrade
}
pin runtime.txt --extra uvloop
pin demo.txt --extra uvloop --group demo
pin dev.txt --extra uvloop --group dev
uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-emit-index-url \
    --no-annotate requirements/openstack.in -o requirements/openstack.txt --upgrade
printf 'uv\n' | uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
    --no-emit-index-url --no-annotate - -o requirements/uv.txt --upgrade
