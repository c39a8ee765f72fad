"""The table of drivers: a new monitor is its module and its row here, or comes in as a plug-in."""

from __future__ import annotations

import logging
import re
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
from devices.metrics import Metric
from devices.notes import NotesError, support_notes
from devices.spec import Command, DriverSpec, LineSettings

#: The group of entry points under which other packages offer their :class:`DriverSpec`.
PLUG_INS = "ketamonitor.drivers"

NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,30}")

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
        elif fault_in_row := _fault(spec):
            log.error("driver plug-in %s is left out: %s", entry.name, fault_in_row)
        else:
            drivers[spec.name] = spec
    return drivers


def _fault(spec: DriverSpec) -> str:
    """What would fail later, in the middle of a list or a session; empty where all is well."""
    if not isinstance(spec.name, str) or not NAME.fullmatch(spec.name):
        return "its name must be of small letters, digits and hyphens"
    try:
        metrics = all(isinstance(metric, Metric) for metric in spec.metrics)
        commands = all(isinstance(command, Command) for command in spec.commands)
        texts = all(isinstance(text, str) for text in (spec.title, spec.manual, *spec.models))
        lines = all(isinstance(line, LineSettings) for line in (spec.line, *spec.also))
        if not (metrics and commands and texts and lines and spec.interval_s > 0):
            return "its row holds values of the wrong kind"
        support_notes(spec)
    except NotesError as fault:
        return str(fault)
    except Exception as fault:  # noqa: BLE001  # somebody else's row and decoder
        return f"its row or decoder cannot be used ({type(fault).__name__})"
    return ""


DRIVERS: Mapping[str, DriverSpec] = with_plug_ins(BUILT_IN, entry_points(group=PLUG_INS))


def driver(name: str) -> DriverSpec:
    """The row of a driver. Raises :class:`UnknownDriverError`."""
    try:
        return DRIVERS[name]
    except KeyError:
        known = ", ".join(sorted(DRIVERS))
        raise UnknownDriverError(f"there is no driver {name!r}; known are: {known}") from None
