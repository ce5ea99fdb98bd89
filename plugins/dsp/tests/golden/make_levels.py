#!/usr/bin/env python3
"""Writes levels.csv: what Python's audioop answers for fixed PCM signals.

Needs Python 3.11 or 3.12, whose library has audioop, or the package audioop-lts.
Run it in this folder: python3 make_levels.py > levels.csv

Columns: name, bits, source, max, minimum, maximum, rms, avg, maxpp, avgpp, cross.
The source is either the samples themselves, separated by blanks, or 'lcg SEED COUNT': COUNT
values of x = (1664525 x + 1013904223) mod 2^32 that start from x = SEED, each read as a signed
32-bit integer and shifted right by (32 - bits), sign kept.
Samples of 32 bits are rounded to the nearest float32 first, ties to even; what rounds to 2^31
becomes the largest float32 below it, since audioop takes no more.
"""

import math
import struct
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
import audioop  # noqa: E402

FLOAT_MAX = 2**31 - 128


def lcg(seed, count, bits):
    """The pseudo-random source named in the header."""
    state, samples = seed, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        signed = state - 2**32 if state >= 2**31 else state
        samples.append(signed >> (32 - bits))
    return samples


def rounded(samples, bits):
    """The samples as a float32 can hold them."""
    if bits < 32:
        return samples
    as_float = (int(struct.unpack("f", struct.pack("f", x))[0]) for x in samples)
    return [min(x, FLOAT_MAX) for x in as_float]


def packed(samples, bits):
    """The samples as audioop reads them."""
    width = bits // 8
    return b"".join(x.to_bytes(width, "little", signed=True) for x in samples), width


def sine(count, cycles, amplitude, offset=0.0):
    """A sine of whole numbers."""
    turn = 2 * math.pi * cycles / count
    return [round(amplitude * math.sin(turn * n) + offset) for n in range(count)]


def signals(bits):
    """Every signal with its name."""
    top, bottom = 2 ** (bits - 1) - 1, -(2 ** (bits - 1))
    listed = {
        "one": [5],
        "one-negative": [-7],
        "two": [3, -4],
        "silence": [0] * 9,
        "constant": [top // 3] * 10,
        "negative-constant": [-100] * 11,
        "full-scale-square": [top, bottom] * 20,
        "minimum-alone": [bottom] * 8,
        "ramp": list(range(-20, 21)),
        "saw": [x % 17 - 8 for x in range(120)],
        "plateaus": [0, 0, 3, 3, 3, 1, 1, 5, 5, 5, 5, -2, -2, 0, 0, 0, -1],
        "crossings-at-zero": [0, -1, 0, -1, -1, 1, 0, 0, -3, 3],
        "floor-of-a-negative-average": [-1, 0, 0],
        "floor-of-a-positive-average": [1, 1, 0],
        "sine": sine(97, 3, 0.8 * top),
        "sine-with-offset": sine(100, 4, 0.4 * top, -0.1 * top),
        "quiet-sine": sine(64, 2, 3),
        "clipped-sine": [max(bottom, min(top, x)) for x in sine(80, 2, 1.5 * top)],
    }
    for name, samples in listed.items():
        yield name, " ".join(str(x) for x in rounded(samples, bits)), rounded(samples, bits)
    for seed, count in ((1, 1000), (7, 1024), (2026, 25000)):
        samples = rounded(lcg(seed, count, bits), bits)
        yield f"noise-{count}", f"lcg {seed} {count}", samples


def main():
    print("name,bits,source,max,minimum,maximum,rms,avg,maxpp,avgpp,cross")
    for bits in (8, 16, 24, 32):
        for name, source, samples in signals(bits):
            fragment, width = packed(samples, bits)
            answers = [audioop.max(fragment, width), *audioop.minmax(fragment, width)]
            for ask in (audioop.rms, audioop.avg, audioop.maxpp, audioop.avgpp, audioop.cross):
                answers.append(ask(fragment, width))
            print(name, bits, source, *answers, sep=",")


if __name__ == "__main__":
    main()
