"""Reads what `hst` wrote, with astropy, NumPy and Pillow, and with DS9 where it is installed, and compares the two.

    python readers.py FOLDER      with jobs.json in it: lists of FITS files, archives, arrays and pictures

Prints how much was read, as JSON.
"""
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from PIL import Image

warnings.simplefilter("error")
warnings.simplefilter("ignore", FITSFixedWarning)
# Of the headers of real images, which cutouts keep.
warnings.filterwarnings("ignore", message=".*RADECSYS.*|.*keyword is deprecated.*|.*Invalid parameter.*|.*inconsistent SIP.*")
# NaN does not become an integer.
warnings.filterwarnings("ignore", category=RuntimeWarning)
folder = sys.argv[1]
jobs = json.load(open(f"{folder}/jobs.json"))
counts = {"fits": 0, "units": 0, "arrays": 0, "pictures": 0, "ds9_units": 0, "ds9_pictures": 0}


class Ds9:
    """DS9 on a screen of its own, asked through XPA."""

    NAME = f"readers-{os.getpid()}"

    def __init__(self):
        screen, other = os.pipe()
        self.screen = subprocess.Popen(["Xvfb", "-displayfd", str(other), "-screen", "0", "900x700x24"],
                                       pass_fds=[other], stderr=subprocess.DEVNULL)
        display = os.read(screen, 16).decode().strip()
        self.env = dict(os.environ, DISPLAY=f":{display}", XPA_METHOD="local", TMPDIR=folder)
        self.program = subprocess.Popen(["ds9", "-title", self.NAME, "-xpa", "local"], env=self.env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(240):
            if "XPA$ERROR" not in self.call("xpaget", "version"):
                # Debian's DS9 loads no JPEG at all before it is told where its decoder is; the others have it built in.
                self.call("xpaset", "tcl", "{package require img::jpeg}")
                return
            time.sleep(0.25)
        raise RuntimeError("DS9 does not answer")

    def call(self, program, *words):
        command = [program, *(["-p"] if program == "xpaset" else []), self.NAME, *map(str, words)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stdout + done.stderr

    def tell(self, *words):
        answer = self.call("xpaset", *words)
        assert "XPA$ERROR" not in answer, (words, answer)

    def ask(self, *words):
        answer = self.call("xpaget", *words)
        assert "XPA$ERROR" not in answer, (words, answer)
        return answer.strip()

    def end(self):
        self.call("xpaset", "exit")
        for child in (self.program, self.screen):
            child.terminate()
            child.wait()


def same_in_ds9(ds9, path, index, unit, file):
    """Size, some pixels and the sky of the middle are what astropy has."""
    ds9.tell("frame", "delete", "all")
    ds9.tell("frame", "new")
    ds9.tell("fits", f"{path}[{index}]")
    ny, nx = unit.shape[-2:]
    assert ds9.ask("fits", "size").split()[:2] == [str(nx), str(ny)], (path, index, ds9.ask("fits", "size"))
    plane = unit.data.reshape(-1, ny, nx)[0]
    for x, y in {(1, 1), (nx, ny), (nx // 2 + 1, ny // 3 + 1)}:
        text = ds9.ask("data", "image", x, y, 1, 1, "yes")
        found, wanted = float(text), float(plane[y - 1, x - 1])
        # DS9 prints six digits.
        close = math.isclose(found, wanted, rel_tol=5.1e-6, abs_tol=1e-30)
        assert close or (math.isnan(found) and math.isnan(wanted)), (path, index, x, y, text, wanted)
    if "CTYPE1" in unit.header and re.match("RA|GLON", unit.header["CTYPE1"]):
        middle = ((nx + 1) // 2, (ny + 1) // 2)
        ds9.tell("pan", "to", *middle, "image")
        ra, dec = map(float, ds9.ask("pan", "wcs", "icrs", "degrees").split())
        # DS9 knows SIP but no lookup tables.
        header = unit.header.copy()
        for keyword in [k for k in header if re.match("CPDIS|D2IM|DP[12]", k)]:
            header.remove(keyword, remove_all=True, ignore_missing=True)
        sky = WCS(header, naxis=2)
        place = sky.pixel_to_world(middle[0] - 1, middle[1] - 1).icrs
        apart = math.hypot((place.ra.deg - ra) * math.cos(math.radians(dec)), place.dec.deg - dec)
        limit = 2e-4 if "CPDIS1" in unit.header else 2e-7
        assert apart < limit, (path, index, ra, dec, place, apart)
    counts["ds9_units"] += 1


def read_fits(path, ds9):
    with fits.open(path, memmap=False, checksum=True) as file:
        file.verify("exception")
        for index, unit in enumerate(file):
            if isinstance(unit, fits.ImageHDU) or index == 0 and unit.data is not None:
                assert unit.data.size
                sky = WCS(unit.header, file, naxis=2)
                assert not sky.has_celestial or np.isfinite(sky.all_pix2world([[0, 0]], 0)).all()
                counts["units"] += 1
                if ds9 and unit.name not in ("WCSDVARR", "D2IMARR"):
                    same_in_ds9(ds9, path, index, unit, file)
            elif isinstance(unit, fits.BinTableHDU):
                assert len(unit.data) >= 0
    counts["fits"] += 1


def read_picture(path, ds9):
    with Image.open(path) as image:
        image.load()
        nx, ny = image.size
        gray = image.mode == "L"
        top = image.convert("L").getpixel((nx // 2, 0))
        assert image.format in ("PNG", "JPEG"), image.format
        assert (image.text if image.format == "PNG" else image.getexif()), path
    if ds9:
        ds9.tell("frame", "delete", "all")
        ds9.tell("frame", "new", *([] if gray else ["rgb"]))
        ds9.tell("png" if path.endswith("png") else "jpeg", path)
        assert ds9.ask("fits", "size").split()[:2] == [str(nx), str(ny)], (path, ds9.ask("fits", "size"))
        if gray and path.endswith("png"):
            # The highest row on top in both.
            found = float(ds9.ask("data", "image", nx // 2 + 1, ny, 1, 1, "yes"))
            assert found == top, (path, found, top)
        counts["ds9_pictures"] += 1
    counts["pictures"] += 1


def main():
    ds9 = Ds9() if all(map(shutil.which, ["ds9", "Xvfb", "xpaset", "xpaget"])) else None
    try:
        paths = [f"{folder}/{name}" for name in jobs["fits"]]
        for name in jobs["tar"]:
            with tarfile.open(f"{folder}/{name}") as archive:
                members = archive.getnames()
                archive.extractall(f"{folder}/from_tar", filter="data")
            paths += [f"{folder}/from_tar/{member}" for member in members]
        for path in paths:
            read_fits(path, ds9)
        for array, files in jobs["npy"]:
            stack = np.load(f"{folder}/{array}")
            for plane, path in zip(stack, files, strict=True):
                assert np.array_equal(plane, fits.getdata(f"{folder}/{path}", "SCI"), equal_nan=True), path
                counts["arrays"] += 1
        for name in jobs["pictures"]:
            read_picture(f"{folder}/{name}", ds9)
    finally:
        if ds9:
            ds9.end()
    print(json.dumps(counts | {"ds9": ds9 is not None}))


main()
