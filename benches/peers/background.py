#!/usr/bin/env python3
"""The mesh background by photutils, SEP and us, on the same images: answers compared first, then CPU seconds.

    PEERS_DATA=folder python benches/peers/background.py [2048 4096 10000]

The folder holds hst_<size>_drc.fits; its NaN border is filled with noise like the sky's, so that all can measure it.
Boxes of 64 pixels, filter 3 x 3, one thread, the default options of photutils 3.1; best of several runs.
"""
import gc, json, os, subprocess, sys, tempfile, time, warnings
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


def best(work, runs):
    times = []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def ours(folder, shape, percentile, threads, runs):
    program = os.path.join(os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target"), "release/examples/peer_background")
    mesh = f"{folder}/mesh.f64"
    line = subprocess.run([program, f"{folder}/image.f32", *map(str, shape), str(percentile), str(threads), str(runs), mesh],
                          check=True, capture_output=True, text=True).stdout
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
    pixels = image(size)
    runs = 2 if size > 5000 else 4
    with tempfile.TemporaryDirectory(dir=DATA) as folder:
        pixels.tofile(f"{folder}/image.f32")
        worst = same_answers(pixels, folder)
        one, _ = ours(folder, pixels.shape, 10, 1, 5)
        two, _ = ours(folder, pixels.shape, 10, 2, 5)
    mesh = best(lambda: Background2D(pixels, 64, filter_size=3), runs)
    both = best(lambda: pixels - Background2D(pixels, 64, filter_size=3).background, runs)
    sep_mesh = best(lambda: sep.Background(pixels), runs)
    sep_both = best(lambda: pixels - sep.Background(pixels).back(), runs)
    total = one["mesh_cpu"] + one["subtract_cpu"]
    print(f"{size} x {size}: the mesh of photutils on float64 within {worst:.1e} RMS")
    print(f"  {'CPU s':14}{'ours':>8}{'photutils':>11}{'ratio':>7}{'sep':>8}{'ratio':>7}")
    for name, we, they, sextractor in (("mesh", one["mesh_cpu"], mesh, sep_mesh), ("mesh, subtract", total, both, sep_both)):
        print(f"  {name:14}{we:8.3f}{they:11.3f}{they / we:7.1f}{sextractor:8.3f}{sextractor / we:7.1f}")
    print(f"  two threads, wall: mesh {one['mesh_wall'] / two['mesh_wall']:.2f}x one, "
          f"subtract {one['subtract_wall'] / two['subtract_wall']:.2f}x; memory beyond the image {one['extra_mb']:.1f} MB", flush=True)


if __name__ == "__main__":
    subprocess.run(["cargo", "build", "--release", "-p", "hst-benches", "--example", "peer_background"], cwd=ROOT, check=True)
    print(f"photutils {photutils.__version__}, sep {sep.__version__}, numpy {np.__version__}")
    for size in map(int, sys.argv[1:] or ("2048", "4096", "10000")):
        compare(size)
