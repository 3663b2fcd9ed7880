#!/usr/bin/env bash
# Makes the image that the tests of containers use: Debian's smallest system with Python, as a tar file
# that is kept. Prints its path. Needs debootstrap, root, and Debian's mirror the first time.
set -euo pipefail

folder="${RATCHET_HOME:-$HOME/.cache/ratchet}"
image="$folder/test-image.tar"
if [ ! -e "$image" ]; then
    mkdir -p "$folder"
    work="$(mktemp -d "$folder/test-image.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    debootstrap --variant=minbase --include=python3 bookworm "$work/root" >&2
    rm -rf "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/* "$work"/root/usr/share/doc
    tar -C "$work/root" -cf "$work/image.tar" .
    mv "$work/image.tar" "$image"
fi
echo "$image"
