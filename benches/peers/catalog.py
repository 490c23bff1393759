"""The main job, ours and the classic Python one in turn on the same images: CPU seconds, memory, answers.

    python benches/peers/catalog.py HST DATA PEER [--rounds N]

HST is the `hst` binary, DATA the folder of `make_data.py`, PEER the path of `region_catalog.py`; run it with the
Python that has photutils. Each round runs every program once, so that the machine's other load hits all alike.
The answers are compared first (float64, exclude_percentile 100) and nothing is timed if they differ.
"""
import argparse, json, os, re, statistics, subprocess, sys, tempfile, time

from astropy.io import fits
from astropy.table import Table


# A process begins with the peak memory of the one that started it, so a small one does.
STARTER = """
import json, os, subprocess, sys, time
wall = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
out = process.stdout.read()
_, status, usage = os.wait4(process.pid, 0)
wall = time.perf_counter() - wall
sys.stdout.buffer.write(out)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024]))
"""


def run(command):
    """Standard output, CPU and wall seconds, peak MiB."""
    started = subprocess.run([sys.executable, "-S", "-E", "-c", STARTER, *command], stdout=subprocess.PIPE, check=True)
    *out, usage = started.stdout.splitlines()
    code, cpu, wall, peak = json.loads(usage)
    assert code in (0, 3), command
    return out, cpu, wall, peak


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("hst"), ap.add_argument("data"), ap.add_argument("peer")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--sizes", type=int, nargs="*", default=[2048, 4096, 10000])
    a = ap.parse_args()
    folder = tempfile.TemporaryDirectory()
    for n in a.sizes:
        image = f"{a.data}/hst_{n}_drc.fits"
        regions = f"{folder.name}/regions_{n}.reg"
        drawn_in(regions, f"{a.data}/regions_7_deg.reg", image, n / 10000)
        ours = [a.hst, "catalog", regions, "--images", image, "--preset", "notebook", "--no-progress"]
        peer = [sys.executable, a.peer, regions, image]
        check(ours, peer)
        programs = {
            "hst": ours,
            "hst, 1 thread": ours + ["--threads", "1"],
            "hst, default choices": [w for w in ours if w not in ("--preset", "notebook")],
            "photutils, classic loop": peer + ["--classic", "--f32"],
            "photutils, subtract once": peer + ["--f32"],
        }
        got = {name: [] for name in programs}
        for _ in range(a.rounds):
            for name, command in programs.items():
                out, cpu, wall, mib = run(command)
                inside = json.loads(out[-1])["cpu_s"] if name.startswith("photutils") else None
                got[name].append((cpu, wall, mib, inside))
        base = statistics.median(row[0] for row in got["hst, 1 thread"])
        print(f"{n} x {n}, 7 regions, median of {a.rounds}; load {os.getloadavg()[0]:.1f}")
        for name, rows in got.items():
            cpu, wall, mib = (statistics.median(row[i] for row in rows) for i in range(3))
            inside = f", measuring part {statistics.median(row[3] for row in rows):.3f} s" if rows[0][3] else ""
            print(f"  {name:26s} CPU {cpu:8.3f} s  wall {wall:8.3f} s  peak {mib:7.0f} MiB  x{cpu / base:.1f}{inside}")


def drawn_in(path, regions, image, factor):
    """The region file made for 10000 x 10000, its places drawn in to the centre of a smaller image."""
    header = fits.getheader(image, "SCI")
    center = header["CRVAL1"], header["CRVAL2"]
    with open(regions) as lines, open(path, "w") as out:
        for line in lines:
            if circle := re.match(r"circle\(([^,]+),([^,]+),(.*)", line):
                ra, dec = (c + factor * (float(v) - c) for c, v in zip(center, circle.groups()))
                line = f"circle({ra:.7f},{dec:.7f},{circle[3]}\n"
            out.write(line)


def check(ours, peer):
    """Same sums, areas and centroids, where no tie order of a k-d tree is in them.

    photutils takes its pixel scale from differences over one pixel, whose rounding moves a radius by some 1e-9. What
    that does to a sum with a star on its edge is known from our own sums with radii 5e-6 larger, and taken off.
    """
    with tempfile.TemporaryDirectory() as folder:
        wider = f"{folder}/wider.reg"
        with open(ours[2]) as lines, open(wider, "w") as out:
            out.write(re.sub(r',([0-9.]+)"', lambda r: f',{float(r[1]) * (1 + 5e-6):.9f}"', lines.read()))
        mine, theirs, more = (f"{folder}/{name}.ecsv" for name in ("ours", "peer", "wider"))
        run(ours + ["--exclude-percentile", "100", "-o", mine])
        run(ours[:2] + [wider] + ours[3:] + ["--exclude-percentile", "100", "-o", more])
        run(peer + ["--exclude", "100", "--out", theirs])
        worst = 0
        for row, expected, wide in zip(*map(Table.read, (mine, theirs, more)), strict=True):
            area = expected["sum_aper_area"] / row["sum_aper_area"] - 1
            slope = (wide["sum"] - row["sum"]) / (wide["sum_aper_area"] / row["sum_aper_area"] - 1)
            worst = max(worst, abs(row["sum"] + slope * area - expected["sum"]) / expected["sum_abs"])
            assert abs(area) < 1e-8, (row, expected)
            assert abs(row["x_centroid"] - expected["x_centroid"]) < 1e-6, (row, expected)
            assert abs(row["y_centroid"] - expected["y_centroid"]) < 1e-6, (row, expected)
        assert worst < 1e-9, worst
        print(f"answers agree: |sum difference| / sum |pixel| <= {worst:.1e}", flush=True)


if __name__ == "__main__":
    main()
