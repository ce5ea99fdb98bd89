#!/bin/sh
# Makes the compressed files that `host/media/tests/io/compressed.rs` reads, and AIFF and CAF files that a
# program which is not ours wrote. In: nothing. Out: files beside this script, a few KB each.
# Needs Python 3 and ffmpeg (Debian: `apt-get install ffmpeg`); the tests need neither: they compute
# the same tones for themselves.
set -eu
cd "$(dirname "$0")"
truth=$(mktemp -d)
trap 'rm -r "$truth"' EXIT

# tones RATE CHANNELS FRAMES NAME: a sine for each channel, each at its own frequency, 16 bits.
tones() {
    python3 -c '
import math, struct, sys, wave
rate, channels, frames, name = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def sample(frame, channel):
    return round(9000 * math.sin(2 * math.pi * (channel + 1) * 250 * frame / rate))
with wave.open(name, "wb") as out:
    out.setnchannels(channels); out.setsampwidth(2); out.setframerate(rate)
    out.writeframes(b"".join(struct.pack("<h", sample(f, c)) for f in range(frames) for c in range(channels)))
' "$@"
}

# encode NAME RATE CHANNELS FRAMES OPTION...
encode() {
    name=$1 rate=$2 channels=$3 frames=$4
    shift 4
    tones "$rate" "$channels" "$frames" "$truth/in.wav"
    layout=$(case $channels in 1) echo mono ;; 2) echo stereo ;; 3) echo 3.0 ;; 6) echo 5.1 ;; esac)
    ffmpeg -hide_banner -loglevel error -nostdin -y -channel_layout "$layout" -i "$truth/in.wav" \
        -bitexact "$@" "$name"
}

tags="-metadata title=Tones -metadata artist=Nobody"
encode lame.mp3 44100 2 10000 -c:a libmp3lame -b:a 64k -write_xing 1 -id3v2_version 3 $tags
encode plain.mp3 32000 1 6000 -c:a libmp3lame -b:a 32k -write_xing 0 -id3v2_version 0
encode stereo.ogg 48000 2 9000 -c:a libvorbis -q:a 3 $tags
encode surround.ogg 48000 6 6000 -c:a libvorbis -q:a 0
encode stereo.m4a 44100 2 10000 -c:a aac -b:a 192k $tags
encode mono.aac 44100 1 5000 -c:a aac -b:a 48k -f adts
encode alac.m4a 48000 2 5000 -c:a alac $tags
encode alac.caf 48000 2 5000 -c:a alac
encode surround-alac.m4a 48000 6 2000 -c:a alac
encode pcm.caf 48000 1 500 -c:a pcm_s16be
encode flac.ogg 48000 2 1500 -c:a flac
encode opus.ogg 48000 1 1000 -c:a libopus -b:a 16k
encode stereo.aiff 44100 2 500 -c:a pcm_s16be $tags
encode surround.aiff 44100 6 200 -c:a pcm_s24be
encode float.aifc 44100 1 200 -c:a pcm_f32be -f aiff
encode sowt.aifc 44100 2 200 -c:a pcm_s16le -f aiff
encode ulaw.aifc 8000 1 400 -c:a pcm_mulaw -f aiff
encode alaw.wav 8000 1 400 -c:a pcm_alaw
encode rf64.wav 8000 1 400 -c:a pcm_s16le -rf64 always
encode double.wav 8000 2 200 -c:a pcm_f64le
# Links of a chain have serial numbers of their own.
encode second.ogg 48000 2 7000 -c:a libvorbis -q:a 3 -serial_offset 7 -page_duration 20000
encode other.ogg 44100 1 4000 -c:a libvorbis -q:a 3 -serial_offset 9
encode front.m4a 44100 2 10000 -c:a aac -b:a 192k -movflags +faststart
encode surround.m4a 48000 6 3000 -c:a aac -b:a 128k
encode eight.caf 48000 2 500 -c:a pcm_s8
encode ulaw.caf 8000 1 400 -c:a pcm_mulaw
encode alaw.caf 8000 2 400 -c:a pcm_alaw
encode wide.caf 48000 2 300 -c:a pcm_s32le
