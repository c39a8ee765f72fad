"""The table of drivers: a new monitor is its module and its row here."""

from __future__ import annotations

from devices.drivers import dinamap, ge_dri
from devices.spec import DriverSpec

DRIVERS: dict[str, DriverSpec] = {spec.name: spec for spec in (dinamap.SPEC, ge_dri.SPEC)}


class UnknownDriverError(ValueError):
    """No driver of that name; the text lists those there are."""


def driver(name: str) -> DriverSpec:
    """The row of a driver. Raises :class:`UnknownDriverError`."""
    try:
        return DRIVERS[name]
    except KeyError:
        known = ", ".join(sorted(DRIVERS))
        raise UnknownDriverError(f"there is no driver {name!r}; known are: {known}") from None
