"""What astropy reads of every file in a folder: python make_corpus.py ../shared/data/fits_corpus > corpus.json

Numbers as physical values in double precision, big-endian, every NaN alike: their CRC-32.
"""
import json
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
from astropy.io import fits

warnings.simplefilter("ignore")


def crc(values):
    values = np.asarray(values, dtype=">f8").ravel().copy()
    values[np.isnan(values)] = np.nan
    return zlib.crc32(values.tobytes())


def physical(stored, scale, zero, null):
    values = np.asarray(stored).astype(np.float64)
    if null is not None and stored.dtype.kind != "f":
        values[np.asarray(stored) == null] = np.nan
    return values if (scale, zero) == (1, 0) else zero + scale * values


def column(hdu, number, column):
    keyword = lambda stem, default: hdu.header.get(f"{stem}{number}", default)
    entry = {"name": keyword("TTYPE", ""), "unit": keyword("TUNIT", None) or None}
    stored = hdu.data.view(np.ndarray)[column.name]
    if column.format[column.format.find("A"):] and "A" in column.format:
        return entry | {"texts": [str(text).rstrip() for text in hdu.data[column.name]]}
    if "P" in column.format:
        stored = np.concatenate([np.asarray(cell).ravel() for cell in hdu.data[column.name]])
    values = physical(stored, keyword("TSCAL", 1), keyword("TZERO", 0), keyword("TNULL", None))
    return entry | {"values": int(values.size), "crc32": crc(values)}


def unit(hdu):
    header = hdu.header
    axes = [header[f"NAXIS{i + 1}"] for i in range(header["NAXIS"])]
    entry = {"name": hdu.name, "version": hdu.ver, "axes": axes}
    if isinstance(hdu, fits.GroupsHDU):
        return entry | {"kind": "groups"}
    if hasattr(hdu, "columns") and not isinstance(hdu, fits.CompImageHDU):
        columns = [column(hdu, i + 1, c) for i, c in enumerate(hdu.columns) if hdu.data is not None]
        return entry | {"kind": "table", "columns": columns}
    if hdu.data is None or hdu.data.size == 0:
        return entry | {"kind": "nothing"}
    values = physical(hdu.data, header.get("BSCALE", 1), header.get("BZERO", 0), header.get("BLANK"))
    return entry | {"kind": "image", "crc32": crc(values)}


found = {}
for path in sorted(Path(sys.argv[1]).glob("*.fits")):
    with fits.open(path, do_not_scale_image_data=True) as hdus:
        found[path.name] = [unit(hdu) for hdu in hdus]
print(json.dumps(found, indent=1))
