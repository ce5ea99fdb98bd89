#!/usr/bin/env python3
"""Draws the seam of a swap, with and without a cross-fade, from what segue really put out.

Two runs over the same sine: in each, at its crest, a stage that changes nothing makes room for one
that takes 6 dB away; once over 20 ms, once from one frame to the next. Below each waveform stand
the steps from sample to sample, in multiples of the largest step of the sine itself: a click is
where they stand out.

In: the program, `target/release/segue` unless it is named. Out: the SVG on standard output.

    cargo build --release && python3 docs/seam.py > docs/seam.svg
"""
import json
import math
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path

RATE_HZ, SINE_HZ, AMPLITUDE = 48_000, 200, 0.8
FRAMES = RATE_HZ // 2
SEAM_FRAME = RATE_HZ // 4 + RATE_HZ // SINE_HZ // 4  # The crest of a wave.
BEFORE_FRAMES, SHOWN_FRAMES = RATE_HZ * 8 // 1000, RATE_HZ * 36 // 1000

STAGE = '[[stage]]\nid = "level"\ncomponent = "{component}"\nswap = {{ fade = "{fade}", state = "fresh" }}\n'
BEFORE, AFTER = "segue.filters", "segue.gain"
TIMELINE = '[[change]]\nat_frames = {frame}\nedit = {{ config = "after.toml" }}\n'

FADES = {"0s": 'without: fade = "0s"', "20ms": 'with: fade = "20ms", as it is by default'}

WIDTH, LEFT, RIGHT = 840, 62, 36
WAVE_HIGH, STEPS_HIGH, STEP_MAX, PANEL_HIGH, TOP = 150, 36, 20, 252, 10
BACKGROUND, TEXT, FAINT, GRID = "#1d1f27", "#d7dae0", "#8b92a1", "#3a3f4b"
WAVE, STEPS, SHADE = "#8fc7a1", "#dfb55b", "#2b3a35"


def run(program: str, fade: str) -> tuple[array, dict]:
    """One run whose stage goes over with this fade: the output, and the receipt of the swap."""
    sine = array("f", (AMPLITUDE * math.sin(math.tau * SINE_HZ * at / RATE_HZ) for at in range(FRAMES)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.raw").write_bytes(sine.tobytes())
        (folder / "before.toml").write_text(STAGE.format(component=BEFORE, fade=fade))
        after = STAGE.format(component=AFTER, fade=fade) + "params.gain_db = -6.0206\n"
        (folder / "after.toml").write_text(after)
        (folder / "timeline.toml").write_text(TIMELINE.format(frame=SEAM_FRAME))
        command = [program, "run", "in.raw", "out.raw", "--raw", f"f32le:{RATE_HZ}:1", "--quiet"]
        command += ["--config", "before.toml", "--timeline", "timeline.toml", "--report", "report.json"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        output = array("f", (folder / "out.raw").read_bytes())
        report = json.loads((folder / "report.json").read_text())
    receipts = [receipt for receipt in report["changes"] if receipt["new"]]
    if len(output) != FRAMES or len(receipts) != 1 or receipts[0]["verdict"] != "done":
        sys.exit(f"expected {FRAMES} frames and one swap, found {len(output)} and {report['changes']}")
    return output, receipts[0]


def shown(at: int) -> bool:
    """Whether a frame is drawn: every one at the seam, elsewhere a quarter of them."""
    return at % 4 == 0 or abs(at - SEAM_FRAME) <= 4


def line(points: list[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def words(x: float, y: float, text: str, colour: str = FAINT, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {more}>{text}</text>'


def panel(top: float, title: str, output: array, receipt: dict) -> list[str]:
    """The waveform around the seam, the time of the fade shaded, and the steps below it."""
    begin = SEAM_FRAME - BEFORE_FRAMES
    scale = (WIDTH - LEFT - RIGHT) / SHOWN_FRAMES
    middle, floor = top + 34 + WAVE_HIGH / 2, top + 34 + WAVE_HIGH + 18 + STEPS_HIGH
    own_step = AMPLITUDE * 2 * math.sin(math.pi * SINE_HZ / RATE_HZ)
    frames = range(begin, begin + SHOWN_FRAMES)
    steps = [abs(output[at] - output[at - 1]) / own_step for at in frames]
    x = lambda at: LEFT + (at - begin) * scale
    heard, done = receipt["heard_at_frames"], receipt["done_at_frames"]
    drawn = [words(LEFT, top + 20, title, TEXT, 'font-size="15"')]
    largest = f"largest step: {max(steps):.1f} × the sine's own"
    drawn.append(words(WIDTH - RIGHT, top + 20, largest, TEXT, 'font-size="15" text-anchor="end"'))
    drawn.append(
        f'<rect x="{x(heard):.1f}" y="{top + 34}" width="{max(1.0, x(done) - x(heard)):.1f}" '
        f'height="{WAVE_HIGH}" fill="{SHADE if done - heard > 1 else GRID}"/>'
    )
    for level in (-1, 0, 1):
        y = middle - level * WAVE_HIGH / 2
        drawn.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        drawn.append(words(LEFT - 8, y + 4, f"{level:g}".replace("-", "−"), more='text-anchor="end"'))
    drawn.append(line([(x(at), middle - output[at] * WAVE_HIGH / 2) for at in frames if shown(at)], WAVE))
    high = STEPS_HIGH / STEP_MAX
    drawn.append(f'<path d="M{LEFT} {floor:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
    drawn.append(words(LEFT - 8, floor + 4, "step", more='text-anchor="end"'))
    bars = [(x(at), floor - min(step, STEP_MAX) * high) for at, step in zip(frames, steps) if shown(at)]
    drawn.append(line(bars, STEPS))
    return drawn


def main() -> None:
    program = str(Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/segue").resolve())
    height = TOP + 2 * PANEL_HIGH + 26
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="A swap with and without a cross-fade">',
        f'<rect width="100%" height="100%" rx="10" fill="{BACKGROUND}"/>',
        '<g font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="12">',
    ]
    for place, (fade, title) in enumerate(FADES.items()):
        drawn += panel(TOP + place * PANEL_HIGH, title, *run(program, fade))
    for ms in range(-8, 29, 4):
        x = LEFT + (ms + 8) * (WIDTH - LEFT - RIGHT) / (SHOWN_FRAMES * 1000 / RATE_HZ)
        text = f"{ms} ms".replace("-", "−")
        drawn.append(words(x, height - 14, text, more='text-anchor="middle"'))
    print("\n".join(drawn + ["</g></svg>"]))


main()
