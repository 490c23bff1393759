"""Whether a FITS table says what an ECSV table says: python fits_equals_ecsv.py A.ecsv A.fits"""
import json
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.table import Table
from astropy.units import Unit

text = Table.read(sys.argv[1], format="ascii.ecsv")
with warnings.catch_warnings():
    warnings.simplefilter("error")
    with fits.open(sys.argv[2], checksum=True) as hdus:
        hdus.verify("exception")
        assert all(hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1 for hdu in hdus)
        header = hdus[1].header
        units = [column.unit for column in hdus[1].columns]
    # The standard does not list the electron, which images of Hubble are in.
    binary = Table.read(sys.argv[2], unit_parse_strict="silent")
assert text.colnames == binary.colnames, (text.colnames, binary.colnames)
binary.convert_bytestring_to_unicode()
for i, name in enumerate(text.colnames):
    one, other = text[name], binary[name]
    assert one.description == header[f"TCOMM{i + 1}"], name
    assert (one.unit is None) == (units[i] is None), (name, one.unit, units[i])
    if one.unit is not None:
        assert Unit(units[i]) == one.unit, (name, units[i], one.unit)
    gaps = np.ma.getmaskarray(one) | (one == "" if one.dtype.kind == "U" else False)
    other_gaps = np.ma.getmaskarray(other) | (other == "" if other.dtype.kind == "U" else False)
    assert np.array_equal(gaps, other_gaps), name
    assert np.array_equal(np.asarray(one)[~gaps], np.asarray(other)[~gaps]), name
for key, value in text.meta.items():
    found = binary.meta[key[:8].upper()]
    if key != "command":
        assert (found if isinstance(value, str) else json.loads(found)) == value, key
print(len(text), "rows", len(text.colnames), "columns", len(text.meta), "keys")
