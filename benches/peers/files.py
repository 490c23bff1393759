"""Opens a drizzled image and reads windows, or all, of its SCI plane: hst-fits, astropy, fitsio and cfitsio in turns.

    cargo build --release -p hst-benches --features cfitsio --example peer_files
    python benches/peers/files.py target/release/examples/peer_files IMAGE [ROUNDS] [PLANES]

The bits of the pixels are compared first. Every read opens the file anew; the file is in the page cache. In a round every
reader reads the same 25 windows of 200 x 200 in a row. Medians of the wall times; means of the CPU time of the reading
process (all threads; ours and cfitsio's with the sums of bits that are compared). `hst-fits-kept` reads to an array that
is there already. Without the feature only astropy is the peer. RAYON_NUM_THREADS=1 keeps ours to one thread.
"""

import statistics
import subprocess
import sys
import time

sys.path.pop(0)

import numpy as np
from astropy.io import fits

WAYS = ["hst-fits", "cfitsio", "fitsio"]


class Reader:
    """The program, which answers line by line."""

    def __init__(self, program, path, way):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.way = way
        self.process = subprocess.Popen([program, path], text=True, **pipes)
        # The clock of another process, as clock_getcpuclockid(3) makes it.
        self.clock = (~self.process.pid << 3) | 2

    def read(self, windows):
        """Wall times, CPU time in all, sums of bits."""
        before = time.clock_gettime(self.clock)
        print(self.way, *(n for window in windows for n in window), file=self.process.stdin, flush=True)
        answer = [int(word) for word in self.process.stdout.readline().split()]
        cpu = time.clock_gettime(self.clock) - before
        return [wall / 1e9 for wall in answer[::3]], cpu, list(zip(answer[1::3], answer[2::3]))

    def works(self):
        try:
            return bool(self.read([(0, 0, 10)])[0])
        except (BrokenPipeError, ProcessLookupError):
            return False


def bits(array):
    words = np.ascontiguousarray(array).astype("<f4").view("<u4")
    return int(words.sum(dtype=np.uint64)), int(np.bitwise_xor.reduce(words, axis=None))


def section(path, x, y, n):
    with fits.open(path) as hdus:
        # A memory map: the pixels are read when they are copied.
        return np.array(hdus["SCI", 1].section[y : y + n, x : x + n])


def plane(path):
    with fits.open(path, memmap=False) as hdus:
        return hdus["SCI", 1].data


def native(path):
    return plane(path).astype("=f4")


def timed(read, jobs):
    walls, before, arrays = [], time.process_time(), []
    for job in jobs:
        start = time.perf_counter()
        arrays.append(read(*job))
        walls.append(time.perf_counter() - start)
    return walls, time.process_time() - before, arrays


class Times(dict):
    def add(self, way, walls, cpu):
        entry = self.setdefault(way, ([], []))
        entry[0].extend(walls)
        entry[1].append(cpu / len(walls))

    def show(self, unit, factor):
        rows = {way: (statistics.median(w), statistics.mean(c)) for way, (w, c) in self.items()}
        mine = rows["hst-fits"]
        print(f"| way | wall, {unit} | CPU, {unit} | times ours, wall | CPU |\n| --- | --- | --- | --- | --- |")
        for way, (wall, cpu) in rows.items():
            ratios = f"{wall / mine[0]:.3g} | {cpu / mine[1]:.3g}"
            print(f"| {way} | {wall * factor:.4g} | {cpu * factor:.4g} | {ratios} |")


def main(program, path, rounds=20, planes=5):
    readers = [Reader(program, path, way) for way in WAYS]
    readers = [reader for reader in readers if reader.works()]
    header = fits.getheader(path, "SCI")
    ny, nx = header["NAXIS2"], header["NAXIS1"]
    rng, times = np.random.default_rng(4), Times()
    for _ in range(rounds):
        windows = [(int(rng.integers(nx - 200)), int(rng.integers(ny - 200)), 200) for _ in range(25)]
        walls, cpu, arrays = timed(lambda *window: section(path, *window), windows)
        times.add("astropy", walls, cpu)
        expected = [bits(array) for array in arrays]
        for reader in readers:
            walls, cpu, found = reader.read(windows)
            assert found == expected, reader.way
            # What checks the answers costs as much as summing them again.
            times.add(reader.way, walls, cpu)
    print(f"open, and read 200 x 200 of {nx} x {ny}, {25 * rounds} times")
    times.show("ms", 1e3)
    times = Times()
    kept = Reader(program, path, "hst-fits-kept")
    kept.works()
    for _ in range(planes):
        for way, read in [("astropy", plane), ("astropy, native bytes", native)]:
            walls, cpu, [array] = timed(read, [(path,)])
            times.add(way, walls, cpu)
        expected = [bits(array)]
        del array
        for reader in [*readers, kept]:
            walls, cpu, found = reader.read([])
            assert found == expected, reader.way
            times.add(reader.way, walls, cpu)
    print(f"\nopen, and read all of {nx} x {ny}, {planes} times")
    times.show("s", 1)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
