#!/usr/bin/env python3
"""Aperture sums and statistics by photutils, SEP and us, on the same image and places: answers first, then CPU seconds.

    PEERS_DATA=folder python benches/peers/apertures.py [JOB ...]

20 000 random places on hst_10000_drc.fits (its NaN border filled with noise). Ours takes float32. photutils is given
float64 that was made beforehand, which it would otherwise make of the whole image at every call; what that costs is in
the last column. Ours and the peers take turns, medians of the rounds.
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


def cpu(work):
    gc.collect()
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def ours(folder, shape, job, threads, *wcs):
    program = os.path.join(os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target"), "release/examples/peer_apertures")
    line = subprocess.run([program, f"{folder}/image.f32", *map(str, shape), f"{folder}/places.f64", job, str(threads), "3",
                           f"{folder}/answers.f64", *wcs], check=True, capture_output=True, text=True).stdout
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
    times, one, two = {"photutils": [], "sep": []}, [], []
    for turn in range(3):
        found, answer = ours(folder, pixels.shape, job, 1)
        one.append(found["cpu"])
        many, same = ours(folder, pixels.shape, job, 2)
        two.append((found["wall"], many["wall"]))
        assert (answer.view("u8") == same.view("u8")).all(), "two threads give other bits"
        seconds, theirs = cpu(lambda: photutils_way(double, at))
        times["photutils"].append(seconds)
        if turn == 0:
            worst = differ(answer, theirs)
            # Shapes of light that nearly cancels magnify rounding; sums do not.
            assert worst < (1e-3 if job == "statistics" else 1e-9), worst
        if sep_way:
            seconds, theirs = cpu(lambda: sep_way(pixels, at))
            times["sep"].append(seconds)
            assert turn or differ(answer, theirs) < 1e-4
    fixed = cpu(lambda: photutils_way(pixels, at[:1]))[0]
    us = statistics.median(one) / count * 1e6
    they = statistics.median(times["photutils"]) / count * 1e6
    sextractor = statistics.median(times["sep"]) / count * 1e6 if sep_way else None
    speedup = statistics.median(a / b for a, b in two)
    row = f"| {job} | {us:.2f} | {they:.2f} | {they / us:.1f} | "
    row += f"{sextractor:.2f} | {sextractor / us:.1f} | " if sep_way else "| | "
    print(f"{row}{speedup:.2f} | {fixed:.2f} |  worst {worst:.0e}, load {os.getloadavg()[0]:.1f}", flush=True)


def separate_calls(pixels, wcs, folder, calls=50):
    """A call for each of fifty circles of 0.25 arcsec on the sky, as the notebook's loop makes them."""
    at = np.random.default_rng(8).uniform(200, SIZE - 200, (calls, 2))
    at.tofile(f"{folder}/places.f64")
    sky = wcs.pixel_to_world(at[:, 0], at[:, 1])
    found, answer = ours(folder, pixels.shape, "calls", 1, FILE)

    def loop():
        return np.array([ApertureStats(pixels, SkyCircularAperture(s, 0.25 * u.arcsec), wcs=wcs).sum for s in sky])
    seconds, theirs = cpu(loop)
    worst = differ(answer, theirs)
    assert worst < 1e-6, worst  # their radius comes from differences of a pixel
    print(f"| {calls} calls | {found['cpu'] * 1e3:.3f} ms | {seconds * 1e3:.0f} ms | {seconds / found['cpu']:.0f} |  worst {worst:.0e}")


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
