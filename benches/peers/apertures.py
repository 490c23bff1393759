#!/usr/bin/env python3
"""Aperture sums and statistics by photutils, SEP and us, on the same image and places: answers first, then CPU seconds.

    PEERS_DATA=folder python benches/peers/apertures.py [JOB ...]

20 000 random places on hst_10000_drc.fits (its NaN border filled with noise). Ours takes float32. photutils is given
float64 that was made beforehand, and for the circles float32 too (second column of them).

Fair: answers are compared first. Then ours and the peers take turns, TURNS of them, each with one run that does not count
and RUNS that do, and the table has the medians of all runs of the CPU seconds (user + system) of the whole job. NumPy asks
for huge pages for its arrays; our process is told to ask for the same (glibc.malloc.hugetlb=1), so that all have the same
memory.
"""
import gc, json, os, statistics, subprocess, sys, tempfile, time, warnings
import astropy.units as u, numpy as np, photutils, sep
from astropy.io import fits
from astropy.stats import SigmaClip
from astropy.wcs import WCS
from photutils.aperture import (ApertureStats, CircularAnnulus, CircularAperture, EllipticalAperture, PolygonAperture,
                                RectangularAperture, SkyCircularAperture, aperture_photometry)

warnings.simplefilter("ignore")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DATA = os.environ["PEERS_DATA"]
SIZE = int(os.environ.get("PEERS_SIZE", "10000"))
FILE = f"{DATA}/hst_{SIZE}_drc.fits"
NAMES = ["x_centroid", "y_centroid", "sum", "sum_aper_area", "center_aper_area", "min", "max", "mean", "median", "mode", "std",
         "mad_std", "var", "biweight_location", "biweight_midvariance", "fwhm", "semimajor_axis", "semiminor_axis", "orientation",
         "eccentricity", "flags"]


def image():
    with fits.open(FILE, memmap=False) as file:
        pixels = np.ascontiguousarray(file["SCI"].data.astype("=f4"))
        wcs = WCS(file["SCI"].header)
    blank = ~np.isfinite(pixels)
    pixels[blank] = np.random.default_rng(99).normal(0.12, 0.006, int(blank.sum())).astype("f4")
    return pixels, wcs


def star(corners, radius, depth):
    angle = 2 * np.pi * np.arange(corners) / corners
    r = radius * (1 - depth + depth * np.cos(7 * angle))
    return np.transpose((r * np.cos(angle), r * np.sin(angle)))


def total(shape):
    return lambda data, at: np.asarray(aperture_photometry(data, shape(at))["aperture_sum"])


def table(data, at):
    found = ApertureStats(data, CircularAperture(at, 5.0)).to_table()
    return np.transpose([np.asarray(getattr(found[name], "value", found[name]), "f8") for name in NAMES])


# Job: photutils on float64; SEP; places used, of 20 000; SEP's answer is compared where it is the same number.
JOBS = {
    "circle 5": (total(lambda at: CircularAperture(at, 5.0)), lambda d, at: sep.sum_circle(d, at[:, 0], at[:, 1], 5.0, subpix=0)[0], 20000),
    "circle 50": (total(lambda at: CircularAperture(at, 50.0)), lambda d, at: sep.sum_circle(d, at[:, 0], at[:, 1], 50.0, subpix=0)[0], 5000),
    "annulus 8 12": (total(lambda at: CircularAnnulus(at, 8.0, 12.0)), lambda d, at: sep.sum_circann(d, at[:, 0], at[:, 1], 8.0, 12.0, subpix=0)[0], 20000),
    "ellipse 8 4": (total(lambda at: EllipticalAperture(at, 8.0, 4.0, theta=0.4)),
                    lambda d, at: sep.sum_ellipse(d, at[:, 0], at[:, 1], 8.0, 4.0, 0.4, 1.0, subpix=0)[0], 20000),
    "rectangle 10 6": (total(lambda at: RectangularAperture(at, 10.0, 6.0, theta=0.4)), None, 20000),
    "hexagon 10": (total(lambda at: PolygonAperture(at, star(6, 10.0, 0.0))), None, 20000),
    "polygon 60 10": (total(lambda at: PolygonAperture(at, star(60, 10.0, 0.25))), None, 4000),
    "polygon 200 10": (total(lambda at: PolygonAperture(at, star(200, 10.0, 0.25))), None, 4000),
    "polygon 200 50": (total(lambda at: PolygonAperture(at, star(200, 50.0, 0.25))), None, 200),
    "clipped annulus": (lambda d, at: np.asarray(ApertureStats(d, CircularAnnulus(at, 8.0, 12.0), sigma_clip=SigmaClip(sigma=3.0, maxiters=10)).median), None, 20000),
    "statistics": (table, None, 20000),
}


TURNS, RUNS = int(os.environ.get("PEERS_TURNS", "5")), 3


def cpu(work, runs=RUNS):
    """CPU seconds of each of some runs, after one that does not count, and the answer."""
    answer, seconds = work(), []
    for _ in range(runs):
        gc.collect()
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return seconds, answer


def ours(folder, shape, job, threads, *wcs):
    program = os.path.join(os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target"), "release/examples/peer_apertures")
    line = subprocess.run([program, f"{folder}/image.f32", *map(str, shape), f"{folder}/places.f64", job, str(threads), str(RUNS),
                           f"{folder}/answers.f64", *wcs], check=True, capture_output=True, text=True,
                          env={**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}).stdout
    return json.loads(line), np.fromfile(f"{folder}/answers.f64")


def differ(ours, theirs):
    """The largest difference, in units of the column's size; NaN must be NaN."""
    ours, theirs = ours.reshape(len(theirs), -1), theirs.reshape(len(theirs), -1)
    assert (np.isnan(ours) == np.isnan(theirs)).all()
    return np.nanmax(np.abs(ours - theirs) / np.nanmedian(np.abs(theirs) + 1e-30, axis=0))


def compare(job, pixels, double, folder):
    photutils_way, sep_way, count = JOBS[job]
    at = np.random.default_rng(7).uniform(80, SIZE - 80, (count, 2))
    at.tofile(f"{folder}/places.f64")
    times, one, two = {"photutils": [], "float32": [], "sep": []}, [], []
    _, answer = ours(folder, pixels.shape, job, 1)
    _, same = ours(folder, pixels.shape, job, 2)
    assert (answer.view("u8") == same.view("u8")).all(), "two threads give other bits"
    worst = differ(answer, photutils_way(double, at))
    # Shapes of light that nearly cancels magnify rounding; sums do not.
    assert worst < (1e-3 if job == "statistics" else 1e-9), worst
    assert not sep_way or differ(answer, sep_way(pixels, at)) < 1e-4
    for _ in range(TURNS):
        found, many = (ours(folder, pixels.shape, job, threads)[0] for threads in (1, 2))
        one += found["cpu"]
        two += [a / b for a, b in zip(found["wall"], many["wall"])]
        times["photutils"] += cpu(lambda: photutils_way(double, at))[0]
        if job.startswith("circle"):
            times["float32"] += cpu(lambda: photutils_way(pixels, at))[0]
        if sep_way:
            times["sep"] += cpu(lambda: sep_way(pixels, at))[0]
    median = {name: statistics.median(found) / count * 1e6 for name, found in times.items() if found}
    us = statistics.median(one) / count * 1e6
    row = f"| {job} | {us:.2f} |"
    for name in ("photutils", "sep"):
        row += f" {median[name]:.2f} | {median[name] / us:.1f} |" if name in median else " | |"
    more = f", photutils on float32 {median['float32']:.2f}" if "float32" in median else ""
    print(f"{row}  two threads {statistics.median(two):.2f}{more}, worst {worst:.0e}, load {os.getloadavg()[0]:.1f}", flush=True)


def separate_calls(pixels, wcs, folder, calls=50):
    """A call for each of fifty circles of 0.25 arcsec on the sky, as the notebook's loop makes them."""
    at = np.random.default_rng(8).uniform(200, SIZE - 200, (calls, 2))
    at.tofile(f"{folder}/places.f64")
    sky = wcs.pixel_to_world(at[:, 0], at[:, 1])
    def loop():
        return np.array([ApertureStats(pixels, SkyCircularAperture(s, 0.25 * u.arcsec), wcs=wcs).sum for s in sky])
    one, they = [], []
    for turn in range(TURNS):
        found, answer = ours(folder, pixels.shape, "calls", 1, FILE)
        seconds, theirs = cpu(loop)
        worst = differ(answer, theirs)
        assert worst < 1e-6, worst  # their radius comes from differences of a pixel
        one += found["cpu"]
        they += seconds
    us, them = (statistics.median(found) / calls * 1e6 for found in (one, they))
    print(f"| {calls} calls | {us:.2f} | {them:.0f} | {them / us:.0f} |  worst {worst:.0e}, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    subprocess.run(["cargo", "build", "--release", "-p", "hst-benches", "--example", "peer_apertures"], cwd=ROOT, check=True)
    print(f"photutils {photutils.__version__}, sep {sep.__version__}, numpy {np.__version__}")
    pixels, wcs = image()
    double = pixels.astype("f8")
    with tempfile.TemporaryDirectory(dir=os.environ.get("PEERS_SCRATCH", DATA)) as folder:
        pixels.tofile(f"{folder}/image.f32")
        for job in sys.argv[1:] or [*JOBS, "calls"]:
            if job == "calls":
                separate_calls(pixels, wcs, folder)
            else:
                compare(job, pixels, double, folder)
