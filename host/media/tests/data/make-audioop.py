#!/usr/bin/env python3
"""Writes audioop.txt beside it: what Python's audioop (3.12 or older) makes of samples.

    python3.11 make-audioop.py

Lines are `function width[ width] input output`, in hexadecimal; `lin2ulaw 2` and `lin2alaw 2` stand
for all 65,536 integers as `first:code` wherever the code changes, counted up from -32768.
"""

import random
import struct
import warnings
from pathlib import Path

warnings.simplefilter("ignore")
import audioop  # noqa: E402

EDGES = {
    width: [
        value & (1 << 8 * width) - 1
        for value in (0, 1, -1, 127, -128, 128, 255, 256, -256, (1 << 8 * width - 1) - 1, -(1 << 8 * width - 1))
    ]
    for width in (1, 2, 3, 4)
}


def fragment(width: int) -> bytes:
    """The edges of the range, then noise that is the same every time."""
    noise = random.Random(width)
    values = EDGES[width] + [noise.getrandbits(8 * width) for _ in range(60)]
    return b"".join(value.to_bytes(width, "little") for value in values)


def steps(convert) -> str:
    """Every 16-bit integer's code, wherever it changes."""
    codes = convert(struct.pack("<65536h", *range(-32768, 32768)), 2)
    return " ".join(
        f"{at - 32768}:{code:02x}"
        for at, code in enumerate(codes)
        if at == 0 or codes[at - 1] != code
    )


lines = [f"lin2ulaw 2 all {steps(audioop.lin2ulaw)}", f"lin2alaw 2 all {steps(audioop.lin2alaw)}"]
for width in (1, 2, 3, 4):
    every = bytes(range(256))
    lines.append(f"ulaw2lin {width} {every.hex()} {audioop.ulaw2lin(every, width).hex()}")
    lines.append(f"alaw2lin {width} {every.hex()} {audioop.alaw2lin(every, width).hex()}")
    linear = fragment(width)
    lines.append(f"lin2ulaw {width} {linear.hex()} {audioop.lin2ulaw(linear, width).hex()}")
    lines.append(f"lin2alaw {width} {linear.hex()} {audioop.lin2alaw(linear, width).hex()}")
    for into in (1, 2, 3, 4):
        lines.append(f"lin2lin {width},{into} {linear.hex()} {audioop.lin2lin(linear, width, into).hex()}")
Path(__file__).with_name("audioop.txt").write_text("\n".join(lines) + "\n")
