#!/usr/bin/env python3
"""Cutouts of files on a server, by hst, astrocut and astropy, from one server that counts: requests, bytes, seconds.

    cargo build --release -p hst && cargo build --release -p testkit --example serve
    python benches/peers/remote.py [folder for 0.4 GB] [rounds]

The server (HTTP/1.1, testkit/examples/serve.rs) answers after 30 ms and sends 80 MB/s. Needs fsspec, aiohttp and s3fs beside
astropy and astrocut (pip install fsspec aiohttp s3fs). The files are made here: SCI and WHT of 6200 x 6200 float32 (308 MB),
and the same as 16-bit integers in RICE tiles of 200 x 200. The peers read the server as an S3 endpoint, because that is how
astrocut reads ranges at all; from http addresses it and astropy's default download the file.
"""
import json, os, statistics, subprocess, sys, tempfile, time, warnings
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.nddata import Cutout2D
from astropy.wcs import WCS

warnings.simplefilter("ignore")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TARGET = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target") + os.environ.get("PROFILE_FOLDER", "/release")
SIDE, SIZE = 6200, 200
ROUNDS = int(sys.argv[2]) if len(sys.argv) == 3 else 1
CENTER = SkyCoord(150.0, 2.0, unit="deg")


def header(name):
    cards = fits.Header()
    cards["EXTNAME"], cards["EXTVER"] = name, 1
    for axis, (crpix, crval, scale, kind) in enumerate([(3100.0, 150.0, -0.04, "RA---TAN"), (3100.0, 2.0, 0.04, "DEC--TAN")], 1):
        cards[f"CRPIX{axis}"], cards[f"CRVAL{axis}"], cards[f"CTYPE{axis}"] = crpix, crval, kind
        cards[f"CD{axis}_{axis}"] = scale / 3600
    for _ in range(80):
        cards.add_history("a line that drizzling left")
    return cards


def write(folder):
    """The two files, with primary headers as long as those of the archive."""
    random = np.random.default_rng(8)
    for name in ("plain_drc.fits", "tiles_drc.fits"):
        primary = fits.PrimaryHDU()
        for _ in range(860):
            primary.header.add_history("a line that drizzling left")
        hdus = [primary]
        for extension in ("SCI", "WHT"):
            noise = random.standard_normal((SIDE, SIDE), dtype=np.float32)
            if name.startswith("plain"):
                hdus.append(fits.ImageHDU(noise, header(extension)))
            else:
                whole = (noise * 4).astype(np.int16)
                hdus.append(fits.CompImageHDU(whole, header(extension), compression_type="RICE_1", tile_shape=(200, 200)))
        fits.HDUList(hdus).writeto(f"{folder}/{name}")
        print(f"{name}: {os.path.getsize(f'{folder}/{name}') / 1e6:.1f} MB")


class Server:
    def __init__(self, folder):
        self.child = subprocess.Popen([f"{TARGET}/examples/serve", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.child.stdout.readline().strip()

    def counts(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def end(self):
        self.child.stdin.close()
        self.child.wait()


def hst(server, name, folder, *more):
    """A whole process with an empty cache."""
    with tempfile.TemporaryDirectory() as cache:
        command = [f"{TARGET}/hst", "cutout", f"{server.url}/bucket/{name}", "--at", "150 2", "--size", str(SIZE), "--ext", "SCI,WHT",
                   "-q", "--overwrite", "-o", f"{folder}/hst.fits", *more]
        subprocess.run(command, check=True, env=dict(os.environ, HST_CACHE=cache))
    with fits.open(f"{folder}/hst.fits") as cut:
        return [cut[name].data.copy() for name in ("SCI", "WHT")]


def child(kind, server, name, folder, block):
    """A peer in a process of its own, so that nothing is cached; it tells its seconds without imports."""
    command = [sys.executable, __file__, "--peer", kind, server.url, name, folder, str(block)]
    with tempfile.TemporaryDirectory() as cache:
        # Where astropy keeps what it downloads.
        env = dict(os.environ, ASTROPY_CACHE_DIR=cache)
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    pixels = np.load(f"{folder}/peer.npy")
    return list(pixels), float(done.stdout.split()[-1])


def peer(kind, url, name, folder, block):
    block = int(block)
    s3 = {"anon": True, "endpoint_url": url, **({"default_block_size": block} if block else {})}
    if kind == "astrocut":
        from astrocut import FITSCutout
        import s3fs.core  # not timed
        start = time.perf_counter()
        made = FITSCutout([f"s3://bucket/{name}"], CENTER, SIZE, single_outfile=True, extension=[1, 2], fsspec_kwargs=s3)
        cut = next(iter(made.hdu_cutouts_by_file.values()))
        pixels = [hdu.data for hdu in cut]
    elif kind == "http":
        from astrocut import FITSCutout
        start = time.perf_counter()
        made = FITSCutout([f"{url}/bucket/{name}"], CENTER, SIZE, single_outfile=True, extension=[1, 2])
        pixels = [hdu.data for hdu in next(iter(made.hdu_cutouts_by_file.values()))]
    elif kind == "section":
        import aiohttp, fsspec.implementations.http  # not timed
        start = time.perf_counter()
        options = {"block_size": block} if block else {}
        with fits.open(f"{url}/bucket/{name}", use_fsspec=True, fsspec_kwargs=options) as file:
            pixels = [Cutout2D(file[n].section, CENTER, SIZE, wcs=WCS(file[n].header)).data.copy() for n in ("SCI", "WHT")]
    seconds = time.perf_counter() - start
    np.save(f"{folder}/peer.npy", np.array(pixels))
    print(seconds)


def row(what, server, work):
    """Runs it some times: the counts must be the same each time, but where time decides."""
    seconds, counts = [], []
    for _ in range(ROUNDS):
        server.counts()
        start = time.perf_counter()
        found = work()
        pixels, took = found if isinstance(found, tuple) else (found, time.perf_counter() - start)
        seconds.append(took)
        counts.append(server.counts())
    count = sorted(counts, key=lambda count: count["bytes"])[ROUNDS // 2]
    spread = "" if all(other == count for other in counts) else f"  (of {[tuple(other.values()) for other in counts]})"
    print(f"| {what} | {count['requests']} | {count['bytes'] / 1e6:.2f} | {statistics.median(seconds):.2f} |{spread}", flush=True)
    return pixels


def compare(name, server, folder):
    print(f"\n{name}\n| | requests | MB | s |\n| --- | --- | --- | --- |")
    ours = row("hst", server, lambda: hst(server, name, folder))
    others = [row("hst, --prefer bytes", server, lambda: hst(server, name, folder, "--prefer", "bytes"))]
    peers = [("astrocut", "astrocut, s3", 0), ("astrocut", "astrocut, s3, blocks of 1 MiB", 1 << 20), ("astrocut", "astrocut, s3, blocks of 256 KiB", 1 << 18),
             ("section", "astropy section, fsspec http", 0), ("section", "astropy section, fsspec http, 1 MiB", 1 << 20), ("http", "astrocut, http address", 0)]
    for kind, what, block in peers:
        try:
            others.append(row(what, server, lambda: child(kind, server, name, folder, block)))
        except subprocess.CalledProcessError as error:
            print(f"| {what} | fails: {error.stderr.strip().splitlines()[-1][:150]} | | |")
    same = [all(np.array_equal(a, b) for a, b in zip(ours, other)) for other in others]
    print("pixels equal to those of hst:", same)


def main():
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        os.mkdir(f"{folder}/bucket")
        write(f"{folder}/bucket")
        server = Server(folder)
        try:
            for name in ("plain_drc.fits", "tiles_drc.fits"):
                compare(name, server, folder)
        finally:
            server.end()


if sys.argv[1:2] == ["--peer"]:
    peer(*sys.argv[2:])
else:
    main()
