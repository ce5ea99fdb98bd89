#!/bin/sh
# Freezes the SDK as it is now into tests/museum/plugin-api, which later hosts must go on to load.
#
# Run it once for each minor of the ABI, when it is released, and never to make a test pass.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
sdk="$here/plugin-api"

rm -rf "$sdk"
mkdir -p "$sdk/layout" "$sdk/macros"
parts="Cargo.toml README.md build.rs src layout/Cargo.toml layout/src macros/Cargo.toml macros/src"
for part in $parts; do
    if [ -e "$root/plugin-api/$part" ]; then
        cp -R "$root/plugin-api/$part" "$sdk/$part"
    fi
done

# The tables that the SDK's manifests refer to come along.
{
    cat <<'TOML'
# Plugins built on the SDK as it was. A workspace of its own, with the dependencies of that day.
# Written by tests/museum/freeze.sh; not to be edited.
[workspace]
resolver = "3"
members = ["relic", "plugin-api", "plugin-api/layout", "plugin-api/macros"]

TOML
    sed -n '/^\[workspace.package\]/,/^\[profile.release\]/p' "$root/Cargo.toml" | sed '$d'
    printf '[profile.dev]\ndebug = false\n'
} >"$here/Cargo.toml"

# What builds today builds for ever: the museum keeps the versions of that day.
cp "$root/Cargo.lock" "$here/Cargo.lock"
(cd "$here" && cargo metadata --format-version 1 >/dev/null)
