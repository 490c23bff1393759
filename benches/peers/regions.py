"""Reads a file of circles with ds9-regions and with astropy's regions, side by side.

    cargo build --release -p hst-benches --example peer_regions
    python benches/peers/regions.py target/release/examples/peer_regions [COUNT] [ROUNDS]

The answers are compared first: position, radius and text of every circle. Then both read the file in turn; CPU
seconds, the median of the rounds. Ours is the whole process, the peer's the call of Regions.read alone.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time

# This file has the peer's name.
sys.path.pop(0)

from regions import Regions


def write(path, count):
    with open(path, "w") as out:
        out.write("fk5\n")
        for n in range(count):
            ra, dec, r = 195 + n * 1e-6, 28 - n % 9973 * 1e-5, 0.5 + n % 97 * 0.01
            out.write(f'circle({ra:.7f},{dec:.7f},{r:.3f}") # text={{s{n}}}\n')


def ours(program, path, *more):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([program, path, *more], check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out


def peer(path):
    before = time.process_time()
    found = Regions.read(path, format="ds9")
    return time.process_time() - before, found


def check(out, found):
    lines = out.splitlines()
    assert len(lines) == len(found), (len(lines), len(found))
    for line, region in zip(lines, found):
        x, y, r, text = line.split()
        assert abs(float(x) - region.center.ra.deg) < 1e-12, (line, region)
        assert abs(float(y) - region.center.dec.deg) < 1e-12, (line, region)
        assert abs(float(r) - region.radius.to_value("arcsec")) < 1e-9, (line, region)
        assert text == region.meta["text"], (line, region)


def main(program, count=100_000, rounds=3):
    with tempfile.NamedTemporaryFile(suffix=".reg") as file:
        write(file.name, count)
        check(ours(program, file.name, "list")[1], peer(file.name)[1])
        times = [(ours(program, file.name)[0], peer(file.name)[0]) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*times))
    print(f"{count} circles: ds9-regions {mine:.3f} s, regions {theirs:.2f} s, {theirs / mine:.0f} times")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
