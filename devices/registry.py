"""The table of drivers: a new monitor is its module and its row here, or comes in as a plug-in."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points

from devices.drivers import (
    accutorr,
    and_tm265x,
    berry_pm6750,
    contec,
    dinamap,
    efficia,
    ge_dri,
    hl7,
    intellivue,
    masimo,
    nellcor,
    nonin,
    omron,
    stx_nibp,
    suntech,
    terumo,
)
from devices.spec import DriverSpec

#: The group of entry points under which other packages offer their :class:`DriverSpec`.
PLUG_INS = "ketamonitor.drivers"

log = logging.getLogger(__name__)

BUILT_IN: tuple[DriverSpec, ...] = (
    dinamap.SPEC,
    ge_dri.SPEC,
    intellivue.SPEC,
    efficia.SPEC,
    omron.SPEC,
    terumo.SPEC,
    and_tm265x.SPEC,
    berry_pm6750.SPEC,
    masimo.SPEC,
    nonin.SPEC,
    nellcor.SPEC,
    contec.SPEC,
    hl7.SPEC,
    suntech.SPEC,
    stx_nibp.SPEC,
    accutorr.SPEC,
)


class UnknownDriverError(ValueError):
    """No driver of that name; the text lists those there are."""


def with_plug_ins(
    built_in: Iterable[DriverSpec], offered: Iterable[EntryPoint]
) -> dict[str, DriverSpec]:
    """All drivers by name. A plug-in that cannot be used is logged and left out.

    A plug-in never takes the name of another driver: a clinic must know whose code reads its
    monitor.
    """
    drivers = {spec.name: spec for spec in built_in}
    for entry in offered:
        try:
            spec = entry.load()
        except (Exception, SystemExit) as fault:  # noqa: BLE001  # others' code; it must not end us
            log.error("driver plug-in %s cannot be loaded: %s", entry.name, type(fault).__name__)
            continue
        if not isinstance(spec, DriverSpec):
            log.error("driver plug-in %s is no DriverSpec: it is left out", entry.name)
        elif spec.name in drivers:
            log.error("driver plug-in %s: the name %s is taken", entry.name, spec.name)
        else:
            drivers[spec.name] = spec
    return drivers


DRIVERS: Mapping[str, DriverSpec] = with_plug_ins(BUILT_IN, entry_points(group=PLUG_INS))


def driver(name: str) -> DriverSpec:
    """The row of a driver. Raises :class:`UnknownDriverError`."""
    try:
        return DRIVERS[name]
    except KeyError:
        known = ", ".join(sorted(DRIVERS))
        raise UnknownDriverError(f"there is no driver {name!r}; known are: {known}") from None
