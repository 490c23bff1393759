"""Writes what astropy's all_pix2world makes of pixels of distorted images, and the same in 80-bit arithmetic.

    python make_wcs_golden.py FOLDER

FOLDER holds sample_svm_flc.fits (a Hubble FLC's headers, tables cut to 10 x 10 entries) and
j8bt06nyq_sip_flt.fits; of these only positions are recorded. tables.json is made of a header of our own.
"""
import json, sys
import numpy as np, astropy
from astropy.io import fits
from astropy.wcs import WCS

folder = sys.argv[1]
rng = np.random.default_rng(20)


L = np.longdouble


def table_at(t, x, y):
    """A lookup table's shift, bilinear, held constant outside; x, y count from one."""
    if t is None:
        return L(0)
    d = t.data.astype(L)
    at = [np.clip((v - L(t.crval[k])) / L(t.cdelt[k]) + L(t.crpix[k]) - 1, L(0), L(d.shape[1 - k] - 1)) for k, v in ((0, x), (1, y))]
    (i, wx), (j, wy) = [(np.floor(v).astype(int), v - np.floor(v)) for v in at]
    i1, j1 = np.minimum(i + 1, d.shape[1] - 1), np.minimum(j + 1, d.shape[0] - 1)
    return (d[j, i] * (1 - wx) + d[j, i1] * wx) * (1 - wy) + (d[j1, i] * (1 - wx) + d[j1, i1] * wx) * wy


def exact(w, x, y):
    """The same positions in 80-bit arithmetic, for a TAN image with a CD matrix: what is rounding, and whose."""
    x, y = L(x) + 1, L(y) + 1
    x, y = x + table_at(w.det2im1, x, y), y + table_at(w.det2im2, x, y)
    u, v = x - L(w.sip.crpix[0]), y - L(w.sip.crpix[1])
    sip = lambda c: sum(L(c[p, q]) * u**p * v**q for p in range(c.shape[0]) for q in range(c.shape[1]) if c[p, q])
    u, v = u + sip(w.sip.a) + table_at(w.cpdis1, x, y), v + sip(w.sip.b) + table_at(w.cpdis2, x, y)
    cd, rad = w.wcs.cd.astype(L), np.arctan2(L(1), L(1)) / 45
    east, north = (cd[0, 0] * u + cd[0, 1] * v) * rad, (cd[1, 0] * u + cd[1, 1] * v) * rad
    ra0, dec0 = L(w.wcs.crval[0]), L(w.wcs.crval[1]) * rad
    x3, z3 = np.cos(dec0) - north * np.sin(dec0), np.sin(dec0) + north * np.cos(dec0)
    return (ra0 + np.arctan2(east, x3) / rad).astype(float), (np.arctan2(z3, np.hypot(east, x3)) / rad).astype(float)


def points(w, nx, ny, n):
    x, y = rng.uniform(-0.5, nx - 0.5, n), rng.uniform(-0.5, ny - 0.5, n)
    x[:6], y[:6] = [0, nx - 1, nx - 1, 0, -20.25, nx + 30.5], [0, 0, ny - 1, ny - 1, 10, ny + 3.75]
    ra, dec = w.all_pix2world(x, y, 0)
    ra1, dec1 = exact(w, x, y)
    return dict(x=x.tolist(), y=y.tolist(), ra=ra.tolist(), dec=dec.tolist(), exact_ra=ra1.tolist(), exact_dec=dec1.tolist())


def write(name, **content):
    with open(name, "w") as f:
        json.dump(dict(astropy=astropy.__version__, **content), f, indent=0)
        f.write("\n")


def entry(k, i, j):
    """An entry of the made tables: exact in any language."""
    return np.float32(((i * 37 + j * 91 + k * 53) % 101 - 50) / 1000)


def made_table(name, k, nx, ny, crval, cdelt):
    data = np.array([[entry(k, i, j) for i in range(nx)] for j in range(ny)], "f4")
    h = fits.ImageHDU(data, name=name, ver=k)
    for axis in (1, 2):
        h.header[f"CRPIX{axis}"] = 1.0
        h.header[f"CRVAL{axis}"] = crval[axis - 1]
        h.header[f"CDELT{axis}"] = cdelt[axis - 1]
    return h


def made():
    h = fits.Header()
    cards = dict(CTYPE1="RA---TAN-SIP", CTYPE2="DEC--TAN-SIP", CRPIX1=2048.0, CRPIX2=1024.0, CRVAL1=53.1, CRVAL2=-27.8,
                 CD1_1=5e-6, CD1_2=-9.5e-6, CD2_1=-9.8e-6, CD2_2=-5.5e-6, A_ORDER=3, B_ORDER=4,
                 A_0_2=1e-7, A_1_1=-3e-6, A_2_0=2.9e-6, A_3_0=3e-11, A_1_2=1.5e-11,
                 B_0_2=-3.1e-6, B_1_1=2.8e-6, B_2_0=-5.8e-8, B_0_3=1.5e-11, B_4_0=2.8e-15, B_2_2=1.9e-14)
    h.update(cards)
    text = "\n".join(str(c).rstrip() for c in h.cards)
    for axis in (1, 2):
        for dist, record in (("CPDIS", "DP"), ("D2IMDIS", "D2IM")):
            h[f"{dist}{axis}"] = "LOOKUP"
            for field, value in (("EXTVER", axis), ("NAXES", 2), ("AXIS.1", 1), ("AXIS.2", 2)):
                h[f"{record}{axis}"] = (f"{field}: {value}", "")
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2048, 4096), "f4"), header=h, name="SCI")])
    for k in (1, 2):
        hdus.append(made_table("WCSDVARR", k, 65, 33, (1.0, 1.0), (64.0, 64.0)))
        hdus.append(made_table("D2IMARR", k, 512, 2, (10.5, 1.0), (8.0, 2048.0)))
    return text, WCS(hdus[1].header, hdus)


text, w = made()
write("tables.json", header=text, **points(w, 4096, 2048, 100))
with fits.open(f"{folder}/sample_svm_flc.fits") as f:
    chips = [points(WCS(f["SCI", v].header, f), 4096, 2048, 60) for v in (1, 2)]
    write("sample_svm_flc.json", chips=chips, alternate_a=points(WCS(f["SCI", 1].header, f, key="A"), 4096, 2048, 20))
with fits.open(f"{folder}/j8bt06nyq_sip_flt.fits") as f:
    write("j8bt06nyq_sip_flt.json", **points(WCS(f["SCI", 1].header, f), 1024, 1024, 100))
