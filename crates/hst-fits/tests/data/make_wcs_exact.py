"""Writes the exact pixels of the positions in reference/wcs.json, for its TAN and TAN-SIP headers in ICRS.

    python make_wcs_exact.py wcs.json > wcs_exact.json

The positions are taken as the doubles they are, and inverted with 40 digits: what is left of the pixels they were made from
is the rounding of the positions.
"""

import json
import sys

from mpmath import cos, hypot, mp, mpf, pi, sin

mp.dps = 40


def cards(text):
    found = {}
    for line in text.splitlines():
        if line[8:10] == "= ":
            value = line[10:].split("/")[0].strip()
            found[line[:8].strip()] = value.strip("' ") if value.startswith("'") else mpf(float(value))
    return found


def turned(x, y, degrees):
    s, c = sin(degrees * pi / 180), cos(degrees * pi / 180)
    return c * x + s * y, c * y - s * x


def matrix(h):
    if "CD1_1" in h or "CD1_2" in h:
        return [[h.get(f"CD{i}_{j}", mpf(0)) for j in (1, 2)] for i in (1, 2)]
    steps = h["CDELT1"], h["CDELT2"]
    if any(key.startswith("PC") for key in h):
        turn = [[h.get(f"PC{i}_{j}", mpf(i == j)) for j in (1, 2)] for i in (1, 2)]
    else:
        a = h.get("CROTA2", mpf(0)) * pi / 180
        turn = [[cos(a), -sin(a) * steps[1] / steps[0]], [sin(a) * steps[0] / steps[1], cos(a)]]
    return [[steps[i] * turn[i][j] for j in (0, 1)] for i in (0, 1)]


def solve(m, x, y):
    d = m[0][0] * m[1][1] - m[0][1] * m[1][0]
    return (m[1][1] * x - m[0][1] * y) / d, (m[0][0] * y - m[1][0] * x) / d


def sip(h, name, u, v):
    """The shift and its derivatives."""
    f = fu = fv = mpf(0)
    for p in range(10):
        for q in range(10 - p):
            c = h.get(f"{name}_{p}_{q}")
            if c and name + "_ORDER" in h and p + q <= h[name + "_ORDER"]:
                f += c * u**p * v**q
                fu += p * c * u ** (p - 1) * v**q if p else 0
                fv += q * c * u**p * v ** (q - 1) if q else 0
    return f, fu, fv


def pixel(h, ra, dec):
    a, d = (mpf(ra) - h["CRVAL1"]) * pi / 180, mpf(dec) * pi / 180
    d0 = h["CRVAL2"] * pi / 180
    along = sin(d) * sin(d0) + cos(d) * cos(d0) * cos(a)
    x = cos(d) * sin(a) / along * 180 / pi
    y = (sin(d) * cos(d0) - cos(d) * sin(d0) * cos(a)) / along * 180 / pi
    pole = h.get("LONPOLE", mpf(180 if h["CRVAL2"] < 90 else 0))
    x, y = turned(x, y, 180 - pole)
    goal = solve(matrix(h), x, y)
    u, v = goal
    for _ in range(8):
        (f, fu, fv), (g, gu, gv) = sip(h, "A", u, v), sip(h, "B", u, v)
        du, dv = solve([[1 + fu, fv], [gu, 1 + gv]], u + f - goal[0], v + g - goal[1])
        u, v = u - du, v - dv
    assert abs(du) + abs(dv) < mpf(10) ** -30
    return float(u + h["CRPIX1"] - 1), float(v + h["CRPIX2"] - 1)


def main(path):
    exact = {}
    for case in json.load(open(path))["cases"]:
        h = cards(case["header"])
        if h["CTYPE1"][:8] != "RA---TAN" or h.get("RADESYS", "ICRS") != "ICRS" or "EQUINOX" in h:
            continue
        pixels = [pixel(h, ra, dec) for ra, dec in zip(case["ra"], case["dec"])]
        off = [hypot(x - px, y - py) for (px, py), x, y in zip(pixels, case["x"], case["y"])]
        print(f"{case['case']}: the reference's pixels are off by up to {float(max(off)):.1e}", file=sys.stderr)
        exact[case["case"]] = {"x": [x for x, _ in pixels], "y": [y for _, y in pixels]}
    json.dump(exact, sys.stdout, indent=0)
    print()


main(sys.argv[1])
