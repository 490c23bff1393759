"""Opens files as strictly as astropy can (no warning, verify('exception'), sums right) and says what is in them.

One line of JSON a unit: cards, and the CRC-32 of the bytes of the data; of a table what its columns hold.
"""
import json
import sys
import warnings
import zlib

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table

warnings.simplefilter("error")


def card(card):
    value = card.rawvalue  # of record-valued cards (DP1) the text
    kind = "none" if isinstance(value, fits.card.Undefined) else type(value).__name__
    text = "" if kind == "none" else repr(value) if kind == "float" else str(value)
    return [card.rawkeyword, kind, text, card.comment]


def crc(array):
    return zlib.crc32(np.ascontiguousarray(array).astype(array.dtype.newbyteorder(">")).tobytes())


def column(table, name):
    values = table[name]
    entry = {"name": name, "shape": list(values.shape[1:])}
    if values.unit is not None:
        entry["unit"] = units.Unit(values.unit).to_string("fits")
    values = np.ma.filled(values.astype(float), np.nan) if values.dtype.kind in "iufb" else values
    if values.dtype.kind == "f":
        values = np.asarray(values, dtype=float)
        values[np.isnan(values)] = np.nan
        return entry | {"crc32": crc(values)}
    return entry | {"texts": [str(text) for text in np.asarray(values).ravel()]}


for path in sys.argv[1:]:
    with fits.open(path, checksum=True, do_not_scale_image_data=True) as hdus:
        hdus.verify("exception")
        for number, hdu in enumerate(hdus):
            assert "CHECKSUM" in hdu.header and "DATASUM" in hdu.header, (path, hdu.name)
            assert hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1, (path, hdu.name)
            entry = {"cards": [card(c) for c in hdu.header.cards]}
            if isinstance(hdu, fits.BinTableHDU):
                table = Table.read(path, hdu=number)
                table.convert_bytestring_to_unicode()
                entry["columns"] = [column(table, name) for name in table.colnames]
            elif hdu.data is not None:
                entry |= {"shape": list(hdu.data.shape), "crc32": crc(hdu.data)}
            print(json.dumps(entry))
