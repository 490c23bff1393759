#!/usr/bin/env python3
"""The mesh background by photutils, SEP and us, on the same images: answers compared first, then CPU seconds.

    PEERS_DATA=folder python benches/peers/background.py [2048 4096 10000]

The folder holds hst_<size>_drc.fits; its NaN border is filled with noise like the sky's, so that all can measure it.
Boxes of 64 pixels, filter 3 x 3, the default options of photutils 3.1; ours and the peers take turns, medians of the rounds.
Ours has one run that does not count, for the peers' process is warm, and asks for huge pages as NumPy does for its arrays.
"""
import gc, json, os, statistics, subprocess, sys, tempfile, time, warnings
import numpy as np, photutils, sep
from astropy.io import fits
from photutils.background import Background2D

warnings.simplefilter("ignore")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DATA = os.environ["PEERS_DATA"]


def image(size):
    with fits.open(f"{DATA}/hst_{size}_drc.fits", memmap=False) as file:
        pixels = np.ascontiguousarray(file["SCI"].data.astype("=f4"))
    blank = ~np.isfinite(pixels)
    pixels[blank] = np.random.default_rng(99).normal(0.12, 0.006, int(blank.sum())).astype("f4")
    return pixels


def cpu(work):
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def peak_mb(program):
    """Peak memory of a fresh process beyond what it holds when the image is read, in MB."""
    script = f"""
import sys
import numpy as np, sep
from photutils.background import Background2D
pixels = np.fromfile(sys.argv[1], 'f4').reshape(int(sys.argv[2]), -1)
status = lambda name: float(next(l for l in open('/proc/self/status') if l.startswith(name)).split()[1])
before = status('VmRSS:')
{program}
print((status('VmHWM:') - before) / 1024)
"""
    return lambda file, ny: float(subprocess.run([sys.executable, "-c", script, file, str(ny)], check=True, capture_output=True, text=True).stdout)


def ours(folder, shape, percentile, threads, runs):
    program = os.path.join(os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target"), "release/examples/peer_background")
    mesh = f"{folder}/mesh.f64"
    line = subprocess.run([program, f"{folder}/image.f32", *map(str, shape), str(percentile), str(threads), str(runs), mesh],
                          check=True, capture_output=True, text=True,
                          env={**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}).stdout
    count = [-(-n // 64) for n in shape]
    return json.loads(line), np.fromfile(mesh).reshape(count)


def same_answers(pixels, folder):
    """No box excluded, float64: then nothing depends on the order of a k-d tree."""
    theirs = Background2D(pixels.astype("f8"), 64, filter_size=3, exclude_percentile=100)
    _, mesh = ours(folder, pixels.shape, 100, 1, 1)
    worst = np.abs(mesh - theirs.background_mesh).max() / theirs.background_rms_median
    assert worst < 1e-11, worst
    bright = sep.Background(pixels)
    level = np.abs(bright.globalback - np.median(mesh)) / bright.globalrms
    assert level < 0.1, level
    return worst


def compare(size):
    """Ours on one thread and on two, photutils and SEP take turns; medians."""
    pixels = image(size)
    rounds = 3 if size > 5000 else 5
    peers = {
        "photutils mesh": lambda: Background2D(pixels, 64, filter_size=3),
        "photutils both": lambda: pixels - Background2D(pixels, 64, filter_size=3).background,
        "sep mesh": lambda: sep.Background(pixels),
        "sep both": lambda: pixels - sep.Background(pixels).back(),
    }
    times, one, two = {name: [] for name in peers}, [], []
    with tempfile.TemporaryDirectory(dir=os.environ.get("PEERS_SCRATCH", DATA)) as folder:
        pixels.tofile(f"{folder}/image.f32")
        worst = same_answers(pixels, folder)
        for _ in range(rounds):
            one.append(ours(folder, pixels.shape, 10, 1, 1)[0])
            two.append(ours(folder, pixels.shape, 10, 2, 1)[0])
            for name, work in peers.items():
                times[name].append(cpu(work))
        memory = [peak_mb(f"back = {code}; pixels -= back")(f"{folder}/image.f32", size)
                  for code in ("Background2D(pixels, 64, filter_size=3).background", "sep.Background(pixels).back()")]
    peer = {name: statistics.median(found) for name, found in times.items()}
    us = {key: statistics.median(run[key] for run in one) for key in one[0]}
    both = {key: statistics.median(run[key] for run in two) for key in two[0]}
    rows = {"mesh": us["mesh_cpu"], "both": us["mesh_cpu"] + us["subtract_cpu"]}
    print(f"{size} x {size}: the mesh of photutils on float64 within {worst:.1e} RMS; load {os.getloadavg()[0]:.1f}")
    for name, we in rows.items():
        they, sextractor = peer[f"photutils {name}"], peer[f"sep {name}"]
        print(f"| {size}² | {name} | {we:.3f} | {they:.3f} | {they / we:.1f} | {sextractor:.3f} | {sextractor / we:.1f} |")
    print(f"  two threads, wall: mesh {us['mesh_wall'] / both['mesh_wall']:.2f}x one, subtract "
          f"{us['subtract_wall'] / both['subtract_wall']:.2f}x; memory beyond the image, MB: {us['extra_mb']:.1f}, "
          f"two threads {both['extra_mb']:.1f}, photutils {memory[0]:.0f}, sep {memory[1]:.0f}", flush=True)


if __name__ == "__main__":
    subprocess.run(["cargo", "build", "--release", "-p", "hst-benches", "--example", "peer_background"], cwd=ROOT, check=True)
    print(f"photutils {photutils.__version__}, sep {sep.__version__}, numpy {np.__version__}")
    for size in map(int, sys.argv[1:] or ("2048", "4096", "10000")):
        compare(size)
