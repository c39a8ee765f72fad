"""Which names of drugs are the treatment."""

from __future__ import annotations

import pytest

from ketamonitor.treatment.drugs import RACEMIC, S_FORM, form, is_treatment

NAMES = {
    RACEMIC: (
        "ketamine (racemic)",
        "Ketamine HCl 50 mg/mL",
        "Ketamin",
        "kétamine",
        "ketamina",
        "Ketalar",
        "Ketanest",
        "two doses ketamine",
    ),
    S_FORM: (
        "esketamine",
        "Esketamin",
        "S-ketamine",
        "(S)-ketamine",
        "S(+)-ketamine",
        "SPRAVATO 28 mg",
        "Ketanest S",
        "Vesierra",
    ),
    "": ("ondansetron", "ketorolac", "midazolam", "clonidine", ""),
}


@pytest.mark.parametrize(
    ("kind", "drug"), [(k, name) for k, names in NAMES.items() for name in names]
)
def test_the_kind_of_ketamine_by_its_name(kind: str, drug: str) -> None:
    assert form(drug) == kind
    assert is_treatment(drug, "ketamine (racemic)") is bool(kind)


def test_what_only_the_clinic_names_is_the_treatment_by_its_name() -> None:
    assert is_treatment(" lozenge K ", "Lozenge K")
    assert not is_treatment("lozenge", "Lozenge K")
