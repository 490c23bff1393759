"""How the cost of a catalog grows with regions, with images and with pixels: ours, and photutils where it ends in a while.

    python benches/peers/growth.py HST DATA PEER [--rounds N]

HST is the `hst` binary, DATA the folder of `make_data.py`, PEER the path of `region_catalog.py`; run it with the Python
that has photutils. Regions are circles of 0.5 arcsec at fixed-seed places on the 4096 x 4096 image; images are copies of
the 2048 x 2048 one that call themselves visits of their own; pixels grow with seven regions. Every program runs once a round; CPU seconds
and peak memory of whole processes. What the catalogs say is compared by catalog.py; here only that every row is there.
"""
import argparse, os, random, shutil, statistics, sys, tempfile

from astropy.io import fits
from astropy.wcs import WCS

from catalog import drawn_in, run


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("hst"), ap.add_argument("data"), ap.add_argument("peer")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--only", choices=["regions", "images", "pixels"])
    a = ap.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for title, question in (("regions", by_regions), ("images", by_images), ("pixels", by_pixels)):
            if a.only not in (None, title):
                continue
            print(f"| {title} | hst, CPU s | hst, wall s | peak MiB | photutils, CPU s | peak MiB | × |\n" + "| --- " * 7 + "|")
            for label, regions, images, peer_too in question(a.data, folder):
                ours = [a.hst, "catalog", regions, "--preset", "notebook", "--combine", "none", "--no-progress", "-q", "--threads", "1"]
                ours += ["-o", f"{folder}/out.csv", "--overwrite", "--images", *images]
                peer = [sys.executable, a.peer, regions, *images, "--f32"]
                row(label, ours, peer if peer_too else None, a.rounds)
    print(f"load {os.getloadavg()[0]:.1f}")


def row(label, ours, peer, rounds):
    got = {"hst": [], "peer": []}
    for _ in range(rounds):
        got["hst"].append(run(ours)[1:])
        if peer:
            got["peer"].append(run(peer)[1:])
    cpu, wall, mib = (statistics.median(turn[i] for turn in got["hst"]) for i in range(3))
    if not peer:
        return print(f"| {label} | {cpu:.3f} | {wall:.3f} | {mib:.0f} | | | |", flush=True)
    theirs, _, memory = (statistics.median(turn[i] for turn in got["peer"]) for i in range(3))
    print(f"| {label} | {cpu:.3f} | {wall:.3f} | {mib:.0f} | {theirs:.2f} | {memory:.0f} | {theirs / cpu:.0f} |", flush=True)


def by_regions(data, folder):
    image = f"{data}/hst_4096_drc.fits"
    wcs = WCS(fits.getheader(image, "SCI"))
    places = random.Random(1)
    for count in (1, 10, 100, 1000, 10_000, 100_000):
        path = f"{folder}/{count}.reg"
        with open(path, "w") as out:
            out.write("icrs\n")
            for _ in range(count):
                ra, dec = wcs.all_pix2world(places.uniform(50, 4046), places.uniform(50, 4046), 0)
                out.write(f'circle({ra:.7f},{dec:.7f},0.5")\n')
        yield f"{count}", path, [image], count <= 1000


def by_images(data, folder):
    regions = f"{folder}/seven.reg"
    image = f"{data}/hst_2048_drc.fits"
    drawn_in(regions, f"{data}/regions_7_deg.reg", image, 0.2048)
    for count in (1, 2, 4, 8, 12):
        images = [f"{folder}/visit_{i:02}_drc.fits" for i in range(count)]
        for i, path in enumerate(images):
            if not os.path.exists(path):
                shutil.copy(image, path)
                # Another visit: the same one under two names is measured once.
                with fits.open(path, mode="update") as hdus:
                    hdus[0].header["EXPSTART"] += i
        yield f"{count}", regions, images, True


def by_pixels(data, folder):
    for size in (2048, 4096, 10000):
        image, regions = f"{data}/hst_{size}_drc.fits", f"{folder}/seven_{size}.reg"
        drawn_in(regions, f"{data}/regions_7_deg.reg", image, size / 10000)
        yield f"{size}²", regions, [image], True


main()
