"""Whether one table says the same in every format: python formats_agree.py A.ecsv A.fits A.vot A.csv A.json [A.parquet]

The first is ECSV, with which the others are compared: names, units, descriptions, values, empty cells, metadata.
"""
import csv
import json
import sys
import warnings

import numpy as np
from astropy.io import fits, votable
from astropy.table import Table
from astropy.units import Unit


def main(ecsv, *others):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = Table.read(ecsv, format="ascii.ecsv")
    for path in others:
        COMPARE[path.rsplit(".", 1)[1]](text, path)
    units = sum(column.unit is not None for column in text.itercols())
    print(len(text), "rows", len(text.colnames), "columns", units, "units", len(text.meta), "keys in", ", ".join(others))


def gaps(column):
    """Where a cell is empty; a text of no characters is one."""
    return np.ma.getmaskarray(column) | (np.asarray(column) == "" if column.dtype.kind in "UO" else False)


def same_values(one, other, name):
    assert np.array_equal(gaps(one), gaps(other)), name
    full = ~gaps(one)
    assert np.array_equal(np.asarray(one)[full], np.asarray(other)[full].astype(one.dtype)), name


def same_meta(text, meta):
    """Metadata whose values are text, or JSON where they were more than text."""
    for key, value in text.meta.items():
        if key != "command":
            assert (meta[key] if isinstance(value, str) else json.loads(meta[key])) == value, key


def compare_fits(text, path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(path, checksum=True) as hdus:
            hdus.verify("exception")
            assert all(hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1 for hdu in hdus)
            header = hdus[1].header
            units = [column.unit for column in hdus[1].columns]
        # The standard does not list the electron, which images of Hubble are in.
        binary = Table.read(path, unit_parse_strict="silent")
    binary.convert_bytestring_to_unicode()
    assert text.colnames == binary.colnames, (text.colnames, binary.colnames)
    for i, name in enumerate(text.colnames):
        assert text[name].description == header[f"TCOMM{i + 1}"], name
        assert (text[name].unit is None) == (units[i] is None), name
        assert text[name].unit is None or Unit(units[i]) == text[name].unit, name
        same_values(in_ascii(text[name]), binary[name], name)
    same_meta(text, {key: binary.meta[key[:8].upper()] for key in text.meta})


def in_ascii(column):
    """FITS has no other characters (4.0, sect. 7.3.3.1): those are written as JSON escapes them."""
    if column.dtype.kind != "U":
        return column
    cells = [json.dumps(str(cell))[1:-1].replace('\\"', '"') for cell in np.asarray(column)]
    return np.ma.array(cells, mask=gaps(column))


def compare_votable(text, path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # VOUnits calls erg and Angstrom deprecated; PHOTFLAM is in them.
        warnings.filterwarnings("ignore", message=".*deprecated in the VOUnit standard")
        document = votable.parse(path, verify="exception")
    found = document.get_first_table()
    table = found.to_table()
    assert text.colnames == table.colnames, (text.colnames, table.colnames)
    for field in found.fields:
        one = text[field.name]
        assert one.description == field.description, field.name
        assert (one.unit is None) == (field.unit is None), field.name
        # The electron in quotes is a unit of the document's own.
        assert one.unit is None or Unit(str(field.unit)) == one.unit, (field.name, field.unit, one.unit)
        same_values(one, table[field.name], field.name)
    same_meta(text, {info.name: info.value for info in document.resources[0].infos})


def compare_csv(text, path):
    with open(path, newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == text.colnames
    for name in text.colnames:
        same_cells(text[name], [row[name] for row in rows], name)


def compare_json(text, path):
    with open(path) as lines:
        table = json.load(lines)
    assert [column["name"] for column in table["columns"]] == text.colnames
    for column in table["columns"]:
        one, unit = text[column["name"]], column["unit"]
        assert one.description == column["description"], column
        assert (one.unit is None) == (unit is None) and (unit is None or Unit(unit) == one.unit), column
        same_cells(one, [row[column["name"]] for row in table["rows"]], column)
    assert {k: v for k, v in table["meta"].items() if k != "command"} == {k: v for k, v in text.meta.items() if k != "command"}


def same_cells(one, cells, name):
    """A column against plain values; `None` and a text of no characters are none."""
    cells = [None if cell == "" else cell for cell in cells]
    assert len(one) == len(cells), name
    for value, gap, cell in zip(np.asarray(one), gaps(one), cells):
        assert bool(gap) == (cell is None), (name, value, cell)
        assert gap or one.dtype.type(cell) == value, (name, value, cell)


def compare_parquet(text, path):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    assert table.column_names == text.colnames
    meta = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    about = json.loads(meta["columns"])
    for name in text.colnames:
        unit = about[name]["unit"]
        assert about[name]["description"] == text[name].description, name
        assert (text[name].unit is None) == (unit is None) and (unit is None or Unit(unit) == text[name].unit), name
        same_cells(text[name], table[name].to_pylist(), name)
    same_meta(text, meta)


COMPARE = {"fits": compare_fits, "vot": compare_votable, "csv": compare_csv, "json": compare_json, "parquet": compare_parquet}

main(*sys.argv[1:])
