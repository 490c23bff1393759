"""Pixels to sky and back for a million points, hst-fits and astropy in turns, one thread each; skycells of positions.

    cargo build --release -p hst-benches --example peer_wcs
    python benches/peers/wcs.py target/release/examples/peer_wcs DRIZZLED SIP_EXPOSURE [ROUNDS]

Answers are compared first: positions within 1e-12 degrees; pixels within 1e-8 (TAN: a position in doubles is a grid of a
few 1e-9 pixels), within 1e-4 for the distorted image, whose inverse astropy stops at that, while ours must come back to
1e-8. What comes of all points in one call is, to the bit, what comes of one after the other. CPU seconds, medians. astropy is called in its fastest way: an (N, 2) array, and without distortion
`wcs_pix2world`.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

sys.path.pop(0)

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

COUNT = 1_000_000


class Ours:
    def __init__(self, program, folder):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen([program], text=True, **pipes)
        # The clock of another process, as clock_getcpuclockid(3) makes it.
        self.clock = (~self.process.pid << 3) | 2
        self.folder = folder

    def ask(self, *words):
        before = time.clock_gettime(self.clock)
        print(*words, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        return time.clock_gettime(self.clock) - before, int(answer)

    def load(self, header, points):
        paths = [os.path.join(self.folder, name) for name in ("header", "points")]
        with open(paths[0], "wb") as file:
            file.write(header.tostring().encode("ascii"))
        points.astype("<f8").tofile(paths[1])
        self.ask("load", *paths)

    def run(self, what):
        seconds, _ = self.ask(what)
        return seconds

    def results(self):
        path = os.path.join(self.folder, "results")
        self.ask("save", path)
        return np.fromfile(path, "<f8").reshape(-1, 2)


def timed(call):
    before = time.process_time()
    result = call()
    return time.process_time() - before, result


def compare(ours, header, points, what, theirs, check, rounds):
    ours.load(header, points)
    mine, other, single = [], [], []
    for _ in range(rounds):
        mine.append(ours.run(what))
        seconds, answer = timed(theirs)
        other.append(seconds)
        many = ours.results()
        single.append(ours.run(what + "-single"))
        # One after the other, the same bits.
        assert many.tobytes() == ours.results().tobytes()
    check(many, answer)
    return [statistics.median(times) for times in (mine, other, single)]


def near(limit):
    def check(mine, theirs):
        off = np.abs(mine - theirs)
        assert np.nanmax(off) <= limit and not np.isnan(off).any(), np.nanmax(off)

    return check


def one(ours, name, header, rounds, distorted):
    wcs = WCS(header)
    shape = header["NAXIS2"], header["NAXIS1"]
    rng = np.random.default_rng(7)
    pixels = rng.uniform(-0.5, 1.0, (COUNT, 2)).clip(0) * [shape[1] - 1.0, shape[0] - 1.0]
    forward = wcs.all_pix2world if distorted else wcs.wcs_pix2world
    back = wcs.all_world2pix if distorted else wcs.wcs_world2pix
    world = forward(pixels, 0)
    rows = [
        ("to the sky", compare(ours, header, pixels, "sky", lambda: forward(pixels, 0), near(1e-12), rounds)),
        ("to pixels", compare(ours, header, world, "pixel", lambda: back(world, 0), near(1e-4 if distorted else 1e-8), rounds)),
    ]
    near(1e-8)(ours.results(), pixels)
    for way, (mine, theirs, single) in rows:
        print(f"| {name} {way} | {mine:.4f} | {theirs:.3f} | {theirs / mine:.1f} | {single:.4f} |")


def main(program, drizzled, exposure, rounds=7):
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        ours = Ours(program, folder)
        print("| 1e6 points | hst-fits, CPU s | astropy, CPU s | × | one by one |\n| --- | --- | --- | --- | --- |")
        one(ours, "TAN", fits.getheader(drizzled, "SCI"), rounds, False)
        one(ours, "TAN-SIP", fits.getheader(exposure, "SCI"), rounds, True)
        rng = np.random.default_rng(8)
        sky = np.column_stack([rng.uniform(0, 360, COUNT), np.degrees(np.arcsin(rng.uniform(-1, 1, COUNT)))])
        ours.load(fits.getheader(drizzled, "SCI"), sky)
        answers = [ours.ask("cells") for _ in range(rounds)]
        seconds = statistics.median(answer[0] for answer in answers)
        print(f"\nskycells of 1e6 positions of the whole sky: {seconds:.3f} CPU s, {answers[0][1]} found")


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))
