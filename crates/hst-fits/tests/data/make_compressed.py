"""Makes compressed.fits.gz, every method of tile compression, and compressed.json, what astropy reads of it."""
import gzip
import io
import json
import zlib

import numpy as np
from astropy.io import fits

rng = np.random.default_rng(7)
ny, nx = 29, 37
y, x = np.mgrid[:ny, :nx]
smooth = 900 + 300 * np.exp(-((x - 20) ** 2 + (y - 15) ** 2) / 90) + rng.normal(0, 5, (ny, nx))
with_nan = smooth.astype(np.float32)
with_nan[3:6, 8:12] = np.nan
with_nan[20, 30] = 0
flags = ((x // 7 + y // 5) % 6 * (rng.random((ny, nx)) < 0.3)).astype(np.int32)
flags[10:12] = 70000  # more than twelve bits
units = [fits.PrimaryHDU()]


def add(name, data, method, **options):
    hdu = fits.CompImageHDU(data, name=name, compression_type=method, **options)
    hdu.header["OBJECT"] = ("M51", "kept")
    hdu.header["HISTORY"] = "made"
    units.append(hdu)


integers = {"u8": np.clip(smooth / 8, 0, 255).astype(np.uint8), "i16": smooth.astype(np.int16),
            "i32": (smooth * 70000).astype(np.int32)}
for kind, data in integers.items():
    for method in ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"]:
        add(f"{method}_{kind}", data, method, tile_shape=(8, 16))
    add(f"ROWS_{kind}", data, "RICE_1")
add("U16", (smooth + 32000).astype(np.uint16), "RICE_1", tile_shape=(10, 37))
add("I64", (smooth * 1e12).astype(np.int64), "GZIP_2", tile_shape=(10, 37))
add("NOCOMPRESS", integers["i16"], "NOCOMPRESS", tile_shape=(8, 16))
add("PLIO", flags, "PLIO_1", tile_shape=(8, 16))
add("HSMOOTH", integers["i16"], "HCOMPRESS_1", tile_shape=(20, 24), hcomp_scale=8, hcomp_smooth=1)
add("HCOARSE", integers["i32"], "HCOMPRESS_1", tile_shape=(29, 37), hcomp_scale=-0.5)
for method in ["RICE_1", "GZIP_1", "GZIP_2", "HCOMPRESS_1"]:
    for dither in [-1, 1, 2]:
        add(f"F32_{method}_{dither + 2}", with_nan, method, tile_shape=(11, 15), quantize_method=dither,
            dither_seed=4321, quantize_level=4)
add("F64", with_nan.astype(float), "RICE_1", quantize_method=1, dither_seed=9995)
add("LOSSLESS", with_nan, "GZIP_2", quantize_level=0, tile_shape=(11, 15))
add("LOSSLESS64", with_nan.astype(float), "GZIP_1", quantize_level=0)
# Some tiles cannot be quantised: their pixels go to another column.
flat = with_nan.copy()
flat[:18] = 5.0
add("FALLBACK", flat, "RICE_1", tile_shape=(9, 37), quantize_method=1, dither_seed=3)
cube = np.stack([integers["i16"], integers["i16"][::-1], integers["i16"] // 2])
add("CUBE", cube, "RICE_1", tile_shape=(2, 8, 16))
file = io.BytesIO()
fits.HDUList(units).writeto(file)
file.seek(0)
with open("compressed.fits.gz", "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
    packed.write(file.read())
file.seek(0)
with fits.open(file, do_not_scale_image_data=True) as hdus:
    # The sum of the big-endian pixels, NaN written in one way.
    expected = {}
    for hdu in hdus[1:]:
        pixels = np.array(hdu.data)
        if pixels.dtype.kind == "f":
            pixels[np.isnan(pixels)] = np.nan
        crc = zlib.crc32(pixels.astype(pixels.dtype.newbyteorder(">")).tobytes())
        expected[hdu.name] = {"bitpix": hdu.header["BITPIX"], "shape": pixels.shape, "crc32": crc}
with open("compressed.json", "w") as out:
    json.dump(expected, out, indent=0)
