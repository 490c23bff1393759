"""Gives a made image the cards of a real one, which has hundreds: python real_headers.py IMAGE REAL OUT

Pixels and world coordinates stay. What the made image says is kept, all else comes from REAL.
"""

import sys

from astropy.io import fits

image, real, out = sys.argv[1:]
with fits.open(image) as made, fits.open(real) as other:
    for number, hdu in enumerate(made):
        for card in other[min(number, len(other) - 1)].header.cards:
            structural = card.keyword.startswith(("NAXIS", "CRVAL", "CRPIX", "CD", "CTYPE", "A_", "B_", "CUNIT"))
            if card.keyword in ("COMMENT", "HISTORY", ""):
                hdu.header.add_history(str(card.value))
            elif card.keyword not in hdu.header and not structural:
                hdu.header.append(card, end=True)
        print(hdu.name, len(hdu.header.cards), "cards")
    made.writeto(out, overwrite=True)
