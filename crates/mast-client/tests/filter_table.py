"""What the real filter_products keeps: reads rows and filters from standard input, prints lists of row numbers."""

import json
import sys
import warnings

from astroquery.mast import Observations
from astroquery.mast.discovery_portal import _json_to_table

warnings.simplefilter("ignore")
given = json.load(sys.stdin)
fields = [
    {"name": "number", "type": "int"},
    {"name": "productFilename", "type": "string"},
    {"name": "productGroupDescription", "type": "string"},
    {"name": "filters", "type": "string"},
    {"name": "size", "type": "int"},
    {"name": "t_min", "type": "float"},
]
table = _json_to_table({"fields": fields, "data": given["rows"]})
kept = []
for wanted in given["filters"]:
    try:
        rows = Observations.filter_products(table, **wanted)
        kept.append([int(number) for number in rows["number"]])
    except Exception as error:
        kept.append(type(error).__name__)
print(json.dumps(kept))
