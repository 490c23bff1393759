"""The main job, ours and the classic Python one in turn on the same images: CPU seconds, memory, answers.

    python benches/peers/catalog.py HST DATA PEER [--rounds N]

HST is the `hst` binary, DATA the folder of `make_data.py`, PEER the path of `region_catalog.py`; run it with the
Python that has photutils. Each round runs every program once, so that the machine's other load hits all alike.
The answers are compared first (float64, exclude_percentile 100) and nothing is timed if they differ.
"""
import argparse, json, os, resource, statistics, subprocess, sys, tempfile, time

from astropy.table import Table


def run(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 3), command
    wall = time.perf_counter() - wall
    return out, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("hst"), ap.add_argument("data"), ap.add_argument("peer")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--sizes", type=int, nargs="*", default=[2048, 4096, 10000])
    a = ap.parse_args()
    regions = f"{a.data}/regions_7_deg.reg"
    for n in a.sizes:
        image = f"{a.data}/hst_{n}_drc.fits"
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
                inside = json.loads(out.splitlines()[-1])["cpu_s"] if name.startswith("photutils") else None
                got[name].append((cpu, wall, mib, inside))
        base = statistics.median(row[0] for row in got["hst, 1 thread"])
        print(f"{n} x {n}, 7 regions, median of {a.rounds}; load {os.getloadavg()[0]:.1f}")
        for name, rows in got.items():
            cpu, wall, mib = (statistics.median(row[i] for row in rows) for i in range(3))
            inside = f", measuring part {statistics.median(row[3] for row in rows):.3f} s" if rows[0][3] else ""
            print(f"  {name:26s} CPU {cpu:8.3f} s  wall {wall:8.3f} s  peak {mib:7.0f} MiB  x{cpu / base:.1f}{inside}")


def check(ours, peer):
    """Same sums, areas and centroids, where no tie order of a k-d tree is in them."""
    with tempfile.TemporaryDirectory() as folder:
        mine, theirs = f"{folder}/ours.ecsv", f"{folder}/peer.ecsv"
        run(ours + ["--exclude-percentile", "100", "-o", mine])
        run(peer + ["--exclude", "100", "--out", theirs])
        mine, theirs = Table.read(mine), Table.read(theirs)
        worst = 0
        for row, expected in zip(mine, theirs, strict=True):
            worst = max(worst, abs(row["sum"] - expected["sum"]) / expected["sum_abs"])
            assert abs(row["sum_aper_area"] / expected["sum_aper_area"] - 1) < 1e-8, (row, expected)
            assert abs(row["x_centroid"] - expected["x_centroid"]) < 1e-6, (row, expected)
            assert abs(row["y_centroid"] - expected["y_centroid"]) < 1e-6, (row, expected)
        assert worst < 1e-8, worst
        print(f"answers agree: |sum difference| / sum |pixel| <= {worst:.1e}")


main()
