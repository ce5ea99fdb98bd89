#!/bin/sh
# Makes the FLAC files that `host/media/tests/io/flac.rs` reads. In: nothing. Out: *.flac beside this script.
# Needs Python 3 and the `flac` encoder (Debian: `apt-get install flac`); the tests need neither.
# Each file holds the samples of `sample` below, which the tests compute for themselves.
set -eu
cd "$(dirname "$0")"

# samples BITS CHANNELS FRAMES: raw little-endian samples, low and high extremes first.
samples() {
    python3 -c '
import sys
bits, channels, frames = map(int, sys.argv[1:])
def sample(frame, channel):
    full_scale = 1 << (bits - 1)
    if frame < 2:
        return (-full_scale, full_scale - 1)[(frame + channel) % 2]
    return (frame * (37 + 11 * channel) ^ frame >> 3) % (full_scale // 4) - full_scale // 8
for frame in range(frames):
    for channel in range(channels):
        sys.stdout.buffer.write(sample(frame, channel).to_bytes(bits // 8, "little", signed=True))
' "$@"
}

# encode NAME BITS CHANNELS FRAMES RATE [OPTION...]
encode() {
    name=$1 bits=$2 channels=$3 frames=$4 rate=$5
    shift 5
    samples "$bits" "$channels" "$frames" |
        flac --silent --force --no-padding --force-raw-format --endian=little --sign=signed \
            --bps="$bits" --channels="$channels" --sample-rate="$rate" "$@" -o "$name.flac" -
}

# A pipe has no length: flac goes back to fill it in, since the output is a file.
encode stereo-16 16 2 2500 48000 --blocksize=576 --tag=TITLE="A ramp" --tag=ARTIST=Nobody
encode surround-24 24 6 700 96000 --blocksize=192
encode mono-8 8 1 150 8000 --blocksize=64

# 32 bits whose difference has 33, in blocks that are written as mean and difference, left and
# difference, difference and right, both as they are, and both constant.
opposed() {
    python3 -c '
import sys
def noise(frame):
    return frame * 2654435761 % 2**32
def pair(frame):
    signed = noise(frame) - 2**31
    small = (noise(frame) % 2**22 << 8) + 2**24
    side = 2**31 + 1000 * frame + frame * 7 % 13
    return [
        (signed, -signed - 1),
        (small, small - side),
        (side - small, -small),
        (signed, noise(frame + 77) - 2**31),
        (-2**31, 2**31 - 1),
    ][frame // 192]
for frame in range(960):
    for sample in pair(frame):
        sys.stdout.buffer.write(sample.to_bytes(4, "little", signed=True))
' | flac --silent --force --no-padding --force-raw-format --endian=little --sign=signed \
        --bps=32 --channels=2 --sample-rate=48000 --blocksize=192 "$@" -
}
opposed -o opposed-32.flac
opposed --ogg --serial-number=5 -o opposed-32.oga
