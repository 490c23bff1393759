"""Opens files as strictly as astropy can: verify('exception'), no warning, checksums right in every unit."""
import sys
import warnings

from astropy.io import fits

warnings.simplefilter("error")
for path in sys.argv[1:]:
    with fits.open(path, checksum=True) as hdus:
        hdus.verify("exception")
        for hdu in hdus:
            assert "CHECKSUM" in hdu.header and "DATASUM" in hdu.header, (path, hdu.name)
            assert hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1, (path, hdu.name)
            hdu.data
print(len(sys.argv) - 1, "files")
