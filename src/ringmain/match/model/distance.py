"""Distances along the great circle, from one place to ten thousand shops by a few multiplications."""

import numpy as np
import numpy.typing as npt

from ringmain.match.model.data import Place

Floats = npt.NDArray[np.float64]

_EARTH_RADIUS_M = 6_371_008.8  # The mean radius (IUGG).


def points(latitudes: Floats, longitudes: Floats) -> Floats:
    """Return places, in degrees, as points of a sphere of radius 1: three rows, a column for each place."""
    lat, lon = np.radians(latitudes), np.radians(longitudes)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def distances_m(place: Place, there: Floats) -> Floats:
    """Return the distances from a place in metres along the great circle; `there` are `points`.

    By the chord between two points of the sphere, which is as exact for shops next door as for those of another
    continent: doubles tell apart what lies a millionth of a millimetre apart.
    """
    here = points(np.array([place.latitude]), np.array([place.longitude]))
    apart = there - here
    half_chords = np.sqrt(apart[0] ** 2 + apart[1] ** 2 + apart[2] ** 2) / 2
    distances: Floats = 2 * _EARTH_RADIUS_M * np.arcsin(np.minimum(half_chords, 1.0))
    return distances
