"""The notebook's chain with the real astroquery against our server: URL TARGET.

Prints one JSON object: what it found and the files it got.
"""

import json
import os
import sys
import warnings

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astroquery.mast import Observations

url, target = sys.argv[1:]
warnings.simplefilter("ignore")
portal = Observations._portal_api_connection
portal.MAST_REQUEST_URL = url + "/api/v0/invoke"
portal.COLUMNS_CONFIG_URL = url + "/portal/Mashup/Mashup.asmx/columnsconfig"
portal.MAST_DOWNLOAD_URL = url + "/api/v0.1/Download/file"


def rows(table):
    def value(cell):
        if cell is np.ma.masked:
            return None
        cell = cell.item() if isinstance(cell, np.generic) else cell
        return None if isinstance(cell, float) and np.isnan(cell) else cell

    return [{name: value(row[name]) for name in table.colnames} for row in table]


center = SkyCoord(195.127, 28.0676, unit="deg")
found = Observations.query_region(center, radius=12 * u.arcmin)
specs = [("WFC3/UVIS", "F336W"), ("ACS/WFC", "F475W"), ("ACS/WFC", "F814W")]
chosen = []
for instrument, filters in specs:
    chosen += rows(
        Observations.filter_products(
            found,
            intentType="science",
            obs_collection="HST",
            instrument_name=instrument,
            filters=filters,
            calib_level=[3],
            project="HAP",
            provenance_name=["HAP-SVM"],
            dataproduct_type="image",
        )
    )
ids = np.array([row["obsid"] for row in chosen])
products = Observations.get_product_list(found)
os.makedirs(target, exist_ok=True)
manifest = Observations.download_products(
    list(ids),
    download_dir=target,
    flat=True,
    verbose=False,
    productSubGroupDescription=["DRC"],
    project="HAP-SVM",
    calib_level=[3],
)
again = Observations.download_products(
    list(ids), download_dir=target, flat=True, verbose=False, productSubGroupDescription=["DRC"]
)
criteria = Observations.query_criteria(
    coordinates=center, radius=12 * u.arcmin, filters=["F8*"], instrument_name="ACS*", t_min=[55000, 55009.5]
)
count = Observations.query_criteria_count(obs_collection="HST", project="HAP")
region_count = Observations.query_region_count(center, radius=12 * u.arcmin)
print(
    json.dumps(
        {
            "found": rows(found),
            "chosen": [row["obs_id"] for row in chosen],
            "products": rows(products),
            "files": [os.path.basename(path) for path in manifest["Local Path"]],
            "status": [str(status) for status in manifest["Status"]] + [str(s) for s in again["Status"]],
            "criteria": [row["obs_id"] for row in rows(criteria)],
            "count": int(count),
            "region_count": int(region_count),
        }
    )
)
