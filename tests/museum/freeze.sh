#!/bin/sh
# Freezes the SDK as it is now into tests/museum/sdk, which later releases must go on to load.
#
# Run it once for each minor of the ABI, when it is released, and never to make a test pass.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
sdk="$here/sdk"

rm -rf "$sdk"
mkdir -p "$sdk"
cp -R "$root/plugin-api/src" "$root/plugin-api/build.rs" "$sdk/"
mkdir -p "$sdk/macros"
cp -R "$root/plugin-api/macros/src" "$sdk/macros/"
if [ -f "$root/plugin-api/README.md" ]; then
    cp "$root/plugin-api/README.md" "$sdk/"
fi

# The manifests stand on their own: what they took from the root's tables is written out.
python3 - "$root" "$sdk" <<'PYTHON'
import sys
import tomllib
from pathlib import Path

root, sdk = Path(sys.argv[1]), Path(sys.argv[2])
tables = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]


def value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(globals()["value"], value)) + "]"
    inner = ", ".join(f"{key} = {globals()['value'](item)}" for key, item in value.items())
    return "{ " + inner + " }"


def frozen(source, target, paths):
    manifest = tomllib.loads(source.read_text())
    lines = ["# Written by tests/museum/freeze.sh; not to be edited.", "[package]"]
    for key, item in manifest["package"].items():
        if isinstance(item, dict) and item.get("workspace"):
            item = tables["package"][key]
        lines.append(f"{key} = {value(item)}")
    for section in ("lib", "dependencies"):
        lines += ["", f"[{section}]"] if section in manifest else []
        for key, item in manifest.get(section, {}).items():
            if isinstance(item, dict) and item.get("workspace"):
                item = tables["dependencies"][key]
            if key in paths:
                item = {"path": paths[key]}
            lines.append(f"{key} = {value(item)}")
    target.write_text("\n".join(lines) + "\n")


frozen(root / "plugin-api/Cargo.toml", sdk / "Cargo.toml", {"segue-plugin-macros": "macros"})
frozen(root / "plugin-api/macros/Cargo.toml", sdk / "macros/Cargo.toml", {})
PYTHON

# What builds today builds for ever: the museum keeps the versions of its own dependencies.
cd "$here"
[ -f Cargo.lock ] || cp "$root/Cargo.lock" .
cargo metadata --format-version 1 >/dev/null
echo "frozen: $sdk"
