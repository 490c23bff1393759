#!/usr/bin/env python3
"""Cutouts, pictures and combinations by astrocut and by us, on the same image: answers compared first, then times.

    PEERS_DATA=folder python benches/peers/cutout.py [rounds]

The folder holds hst_10000_drc.fits (SCI and WHT, 10000 x 10000 float32). Both sides open the file anew every time; ours
and the peer's runs take turns, medians of the rounds. A round of ours is the mean CPU time of many runs in one process.
"""
import json, os, statistics, subprocess, sys, tempfile, time, warnings
import numpy as np, astrocut
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from astrocut import CutoutsCombiner, fits_cut, img_cut

warnings.simplefilter("ignore")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TARGET = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target") + "/release"
IMAGE = os.environ["PEERS_DATA"] + "/hst_10000_drc.fits"
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
WORLD = WCS(fits.getheader(IMAGE, 1))
CENTER = WORLD.pixel_to_world(5000.3, 5000.7)
RA, DEC = repr(float(CENTER.ra.deg)), repr(float(CENTER.dec.deg))


def cpu(work):
    start, children = time.process_time(), os.times()
    work()
    after = os.times()
    return time.process_time() - start + after.children_user + after.children_system - children.children_user - children.children_system


def ours(job, folder, size, runs, ra=RA, dec=DEC, threads="1"):
    command = [f"{TARGET}/examples/peer_cutout", job, IMAGE, ra, dec, str(size), str(runs), folder]
    env = dict(os.environ, RAYON_NUM_THREADS=threads)
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)


def same_answers(folder):
    """Every pixel and the corners on the sky, of cutouts inside, and of those that reach outside."""
    for size, (x, y) in ((200, (5000.3, 5000.7)), (4000, (5000.3, 5000.7)), (2500, (800.2, 9200.4))):
        at = WORLD.pixel_to_world(x, y)
        theirs = fits_cut(IMAGE, at, size, extension=[1, 2], memory_only=True)[0]
        subprocess.run([f"{TARGET}/hst", "cutout", IMAGE, "--at", f"{float(at.ra.deg)!r} {float(at.dec.deg)!r}",
                        "--size", str(size), "--ext", "SCI,WHT", "-o", f"{folder}/check.fits", "--overwrite", "-q"], check=True)
        with fits.open(f"{folder}/check.fits", checksum=True) as file:
            file.verify("exception")
            for i in (1, 2):
                assert np.array_equal(file[i].data, theirs[i].data, equal_nan=True), (size, i)
                corners = [(-0.5, -0.5), (size - 0.5, size - 0.5)]
                for corner in corners:
                    apart = WCS(file[i].header).pixel_to_world(*corner).separation(WCS(theirs[i].header).pixel_to_world(*corner))
                    assert apart.deg < 1e-10, apart
    rng = np.random.default_rng(8)
    places = np.array([[float(p.ra.deg), float(p.dec.deg)] for p in WORLD.pixel_to_world(*rng.uniform(100, 9900, (2, 50)))])
    places.tofile(f"{folder}/check.f64")
    ours("batch", folder, 64, 1, ra=f"{folder}/check.f64", dec="50")
    array = np.load(f"{folder}/ours.npy")
    for place, found in zip(places[:20], array):
        theirs = fits_cut(IMAGE, SkyCoord(*place, unit="deg"), 64, extension=1, memory_only=True, allow_empty=True)[0]
        assert np.array_equal(found, theirs[1].data, equal_nan=True)


def row(name, theirs, found, runs_of_theirs=1):
    """Both are lists of seconds, or dictionaries of ours."""
    their, our = statistics.median(theirs) / runs_of_theirs, statistics.median(f["cpu"] for f in found)
    wall = statistics.median(f["wall"] for f in found)
    peak = max(f["peak_mib"] for f in found)
    print(f"| {name} | {their * 1e3:.4g} | {our * 1e3:.4g} | {their / our:.0f} | {wall * 1e3:.4g} | {peak:.0f} |", flush=True)


def turns(name, their_work, our_work, rounds=ROUNDS):
    theirs, found = [], []
    for _ in range(rounds):
        theirs.append(cpu(their_work))
        found.append(our_work())
    row(name, theirs, found)


def process(name, command, folder):
    """Whole processes, ours counted by its children's CPU time over some runs."""
    script = f"""
from astrocut import fits_cut
fits_cut({IMAGE!r}, "{RA} {DEC}", 200, extension=[1, 2], single_outfile=False, output_dir={folder!r})
"""
    theirs, found = [], []
    for _ in range(ROUNDS):
        theirs.append(cpu(lambda: subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, capture_output=True)))
        start = time.perf_counter()
        used = cpu(lambda: [subprocess.run(command, check=True, capture_output=True) for _ in range(50)]) / 50
        # What the parent spends on starting a child is not ours; it is of the order of the child.
        found.append({"cpu": used, "wall": (time.perf_counter() - start) / 50, "peak_mib": 0})
    row(name, theirs, found)


def main():
    print(f"astrocut {astrocut.__version__}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        same_answers(folder)
        print("answers equal\n\n| what | astrocut, CPU ms | hst, CPU ms | ratio | hst, wall ms | peak MiB |\n| --- | --- | --- | --- | --- | --- |")
        memory = lambda size: lambda: fits_cut(IMAGE, CENTER, size, extension=[1, 2], memory_only=True)
        for size, runs in ((200, 400), (1000, 100), (4000, 10)):
            turns(f"{size}² SCI + WHT to memory", memory(size), lambda: ours("memory", folder, size, runs))
        for size, runs in ((200, 200), (1000, 20)):
            disk = lambda: fits_cut(IMAGE, CENTER, size, extension=[1, 2], output_dir=folder)
            turns(f"{size}² SCI + WHT to disk", disk, lambda: ours("disk", folder, size, runs))
        command = [f"{TARGET}/hst", "cutout", IMAGE, "--at", f"{RA} {DEC}", "--size", "200", "--ext", "SCI,WHT",
                   "-o", f"{folder}/cli.fits", "--overwrite", "-q"]
        process("200² SCI + WHT, command line", command, folder)
        many(folder)
        cuts = [fits_cut(IMAGE, CENTER, 2000, extension=[1, 2], memory_only=True)[0] for _ in range(2)]
        turns("combine 2 × 2000² × 2", lambda: CutoutsCombiner(cuts).combine(memory_only=True), lambda: ours("combine", folder, 2000, 5))
        picture = lambda: img_cut(IMAGE, CENTER, 6400, extension=1, img_format="png", output_dir=folder)
        turns("PNG of 6400²", picture, lambda: ours("png", folder, 6400, 1), rounds=min(ROUNDS, 3))


def many(folder):
    """1e5 cutouts of 64², to memory and to disk; the peer's loops are timed on 50 of them."""
    x, y = np.random.default_rng(3).uniform(100, 9900, (2, 100_000))
    places = WORLD.pixel_to_world(x, y)
    np.stack([places.ra.deg, places.dec.deg], axis=1).astype("<f8").tofile(f"{folder}/places.f64")
    loop = lambda: [fits_cut(IMAGE, places[i], 64, extension=1, memory_only=True, allow_empty=True) for i in range(50)]
    onto_disk = lambda: [fits_cut(IMAGE, places[i], 64, extension=1, output_dir=folder, cutout_prefix=f"many{i}",
                                  allow_empty=True) for i in range(50)]
    jobs = {"many": "with headers, to memory", "stamps": "pixels, to memory", "batch": "to one .npy"}
    theirs, disk, found = [], [], {job: [] for job in jobs}
    for _ in range(min(ROUNDS, 3)):
        theirs.append(cpu(loop) * 2000)
        disk.append(cpu(onto_disk) * 2000)
        for job in jobs:
            # A new file every time, as the peer's are; one that replaces another is forced to the disk.
            if os.path.exists(f"{folder}/ours.npy"):
                os.remove(f"{folder}/ours.npy")
            found[job].append(ours(job, folder, 64, 1, ra=f"{folder}/places.f64", dec="100000"))
    for job, name in jobs.items():
        row(f"100 000 × 64² of SCI {name}", disk if job == "batch" else theirs, found[job])
    os.remove(f"{folder}/ours.npy")


main()
