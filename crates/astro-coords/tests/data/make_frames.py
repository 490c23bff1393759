"""Writes frames.csv: one ICRS position a row in astropy's other frames, degrees.

    python make_frames.py > frames.csv
"""
import numpy as np, astropy, warnings
from astropy.coordinates import FK4, FK5, BarycentricMeanEcliptic, SkyCoord

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
ra = np.concatenate([[0, 0, 123.4, 0, 359.999999999], rng.uniform(0, 360, 75)])
dec = np.concatenate([[90, -90, 89.9999, 0, -1e-7], np.degrees(np.arcsin(rng.uniform(-1, 1, 75)))])
icrs = SkyCoord(ra, dec, unit="deg")
frames = dict(fk5=FK5(), fk5_1975=FK5(equinox="J1975"), fk4=FK4(), fk4_1900=FK4(equinox="B1900"), galactic="galactic",
              ecliptic=BarycentricMeanEcliptic(), ecliptic_1950=BarycentricMeanEcliptic(equinox="J1950"))
columns = [ra, dec]
for frame in frames.values():
    c = icrs.transform_to(frame).spherical
    columns += [c.lon.deg, c.lat.deg]
print("# astropy", astropy.__version__)
print("ra,dec," + ",".join(f"{n}_lon,{n}_lat" for n in frames))
for row in zip(*columns):
    print(",".join(repr(float(v)) for v in row))
