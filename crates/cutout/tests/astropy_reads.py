"""Checks cutouts against their images with astropy; a line of JSON for each: image, cutout, and the extensions in both
with the first pixel. Prints how many pixels and corners agree."""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

warnings.simplefilter("error")
warnings.simplefilter("ignore", FITSFixedWarning)
# What the images themselves are warned of.
warnings.filterwarnings("ignore", message=".*RADECSYS.*|.*inconsistent SIP.*|.*keyword is deprecated.*|.*Invalid parameter.*")
pixels = corners = 0


def wcs(unit, file, key):
    return WCS(unit.header, file, key=key, naxis=2)


def check_sky(old, new, image, cutout, x0, y0):
    global corners
    ny, nx = new.shape[-2:]
    for key in [" "] + [chr(c) for c in range(ord("A"), ord("Z") + 1)]:
        if f"CTYPE1{key.strip()}" not in old.header:
            continue
        one, other = wcs(old, image, key), wcs(new, cutout, key)
        x, y = np.array([-0.5, nx - 0.5, nx - 0.5, -0.5, nx / 3]), np.array([-0.5, -0.5, ny - 0.5, ny - 0.5, ny / 7])
        apart = np.abs(np.subtract(one.all_pix2world(x + x0, y + y0, 0), other.all_pix2world(x, y, 0)))
        assert apart.max() < 1e-10, (cutout.filename(), key, apart)
        corners += x.size
    physical = wcs(new, cutout, "P").wcs_pix2world([[0, 0], [nx - 1, 2]], 0) if "CTYPE1P" not in old.header else None
    if physical is not None:
        assert np.abs(physical - np.array([[x0 + 1, y0 + 1], [x0 + nx, y0 + 3]])).max() < 1e-9, physical
    assert not (any(k.startswith("CD1_") for k in new.header) and any(k.startswith("PC1_") for k in new.header))


def check_pixels(old, new, x0, y0):
    global pixels
    ny, nx = new.shape[-2:]
    height, width = old.shape[-2:]
    inside = np.s_[..., max(0, -y0):min(ny, height - y0), max(0, -x0):min(nx, width - x0)]
    source = np.s_[..., max(0, y0):min(height, y0 + ny), max(0, x0):min(width, x0 + nx)]
    one, other = old.data[source], new.data[inside]
    assert one.dtype.kind == other.dtype.kind, (one.dtype, other.dtype)
    assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    pixels += other.size


for line in sys.stdin:
    job = json.loads(line)
    with fits.open(job["image"], memmap=False) as image, fits.open(job["cutout"], memmap=False, checksum=True) as cutout:
        cutout.verify("exception")
        for old, new, x0, y0 in job["units"]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)
                check_pixels(image[old], cutout[new], x0, y0)
            check_sky(image[old], cutout[new], image, cutout, x0, y0)
print(json.dumps({"pixels": pixels, "corners": corners}))
