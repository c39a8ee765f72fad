"""Approval of protocols: who may, of what exactly, and what an edit or a withdrawal does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from ketamonitor.approvals import (
    ApprovalError,
    Approvals,
    Standing,
    content_sha256,
    recorded_as,
)
from ketamonitor.library import SHIPPED
from ketamonitor.people import TRIES, People, Role
from ketamonitor.protocol import TreatmentProtocol, read_protocol
from ketamonitor.station import SessionPlan
from ketamonitor.store import StoreError, open_store
from ketamonitor.view import Patient
from tests.fakes import ManualClock

PASSWORD = "a long enough one"
TEXT = (SHIPPED / "iv-ketamine-40.toml").read_text(encoding="utf-8")


@pytest.fixture
def protocol() -> TreatmentProtocol:
    return read_protocol(SHIPPED / "iv-ketamine-40.toml")


class Clinic:
    """A store with a director, an administrator and a nurse."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()
        store = open_store(path)
        self.people = People(store, self.clock.now)
        self.approvals = Approvals(store, self.people, self.clock.now)
        for name, full_name, role in (
            ("hale", "A. Hale", Role.DIRECTOR),
            ("root", "I. Tamm", Role.ADMIN),
            ("okafor", "R. Okafor RN", Role.NURSE),
        ):
            self.people.add(name, full_name, role, PASSWORD, "installation")


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = Clinic(tmp_path / "store.db")
    yield made
    made.people.close()


def changed(tmp_path: Path, *pairs: tuple[str, str]) -> TreatmentProtocol:
    text = TEXT
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "iv-ketamine-40.toml"
    path.write_text(text, encoding="utf-8")
    return read_protocol(path)


# Who -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("okafor", PASSWORD, "okafor is nurse: only a medical director"),
        ("root", PASSWORD, "root is admin: only a medical director"),
        ("hale", "not the password", "name or password is wrong"),
        ("hale", "", "name or password is wrong"),
        ("nobody", PASSWORD, "name or password is wrong"),
    ],
)
def test_only_a_director_with_the_password_approves_or_withdraws(
    clinic: Clinic, protocol: TreatmentProtocol, name: str, password: str, says: str
) -> None:
    with pytest.raises(ApprovalError, match=says) as refused:
        clinic.approvals.approve(protocol, name, password)
    assert "\n" not in str(refused.value)
    assert clinic.approvals.of(protocol) is None
    clinic.approvals.approve(protocol, "hale", PASSWORD)
    with pytest.raises(ApprovalError, match=says):
        clinic.approvals.withdraw(protocol.name, "a slip in it", name, password)
    assert clinic.approvals.of(protocol) is not None


def test_a_director_who_has_left_approves_nothing_and_what_was_approved_stands(
    clinic: Clinic, protocol: TreatmentProtocol, tmp_path: Path
) -> None:
    clinic.approvals.approve(protocol, "hale", PASSWORD)
    clinic.people.deactivate("hale", "root")
    second = changed(tmp_path, ("version = 3", "version = 4"))
    with pytest.raises(ApprovalError, match="name or password is wrong"):
        clinic.approvals.approve(second, "hale", PASSWORD)
    assert clinic.approvals.of(protocol) is not None


def test_guessing_the_directors_password_here_closes_the_name_too(
    clinic: Clinic, protocol: TreatmentProtocol
) -> None:
    for _ in range(TRIES):
        with pytest.raises(ApprovalError, match="is wrong"):
            clinic.approvals.approve(protocol, "hale", "not the password")
    with pytest.raises(ApprovalError, match="too many wrong tries"):
        clinic.approvals.approve(protocol, "hale", PASSWORD)


# What ----------------------------------------------------------------------------------------


def test_an_approval_says_who_and_when_and_lasts(
    clinic: Clinic, protocol: TreatmentProtocol
) -> None:
    made = clinic.approvals.approve(protocol, "hale", PASSWORD)
    assert (made.who, made.on, made.at) == ("A. Hale (hale)", "2026-11-23", clinic.clock.now())
    with open_store(clinic.path, read_only=True) as store:
        again = Approvals(store, People(store, clinic.clock.now), clinic.clock.now)
        assert again.of(protocol) == made
        assert again.standings([protocol]) == {protocol.name: Standing(made)}
    with pytest.raises(ApprovalError, match=r"approved already, by A\. Hale \(hale\) on 2026-11"):
        clinic.approvals.approve(protocol, "hale", PASSWORD)


@pytest.mark.parametrize(
    "pair",
    [
        ("value = 180", "value = 185"),
        ("minutes = 40\n", "minutes = 45\n"),
        ("from_first_dose_min = 70", "from_first_dose_min = 60"),
        ("no_reading_s = 10", "no_reading_s = 11"),
        ('source = "Andrade', 'source = "andrade'),
    ],
)
def test_a_changed_content_under_an_approved_version_is_neither_used_nor_approved(
    clinic: Clinic, protocol: TreatmentProtocol, tmp_path: Path, pair: tuple[str, str]
) -> None:
    clinic.approvals.approve(protocol, "hale", PASSWORD)
    edited = changed(tmp_path, pair)
    standing = clinic.approvals.standing(edited)
    assert (standing.approval, standing.may_be_approved) == (None, False)
    assert "another content under that version" in standing.why
    assert "give the changed file a new version" in standing.why
    with pytest.raises(ApprovalError, match="give the changed file a new version"):
        clinic.approvals.approve(edited, "hale", PASSWORD)
    renumbered = changed(tmp_path, pair, ("version = 3", "version = 4"))
    assert clinic.approvals.of(renumbered) is None
    clinic.approvals.approve(renumbered, "hale", PASSWORD)
    assert clinic.approvals.of(renumbered) is not None
    assert clinic.approvals.of(protocol) is not None
    assert clinic.approvals.of(edited) is None


def test_what_changes_nothing_for_the_patient_changes_no_approval(
    clinic: Clinic, protocol: TreatmentProtocol, tmp_path: Path
) -> None:
    clinic.approvals.approve(protocol, "hale", PASSWORD)
    same = changed(
        tmp_path,
        ("# A treatment protocol", "# Our own treatment protocol"),
        ("value = 180", "value = 180.0"),
        ('approved_by = ""', 'approved_by = "somebody"'),
    )
    assert content_sha256(same) == content_sha256(protocol)
    assert clinic.approvals.of(same) is not None


def test_a_withdrawn_version_is_refused_in_words_until_it_is_approved_again(
    clinic: Clinic, protocol: TreatmentProtocol, tmp_path: Path
) -> None:
    second = changed(tmp_path, ("version = 3", "version = 4"))
    for version in (protocol, second):
        clinic.approvals.approve(version, "hale", PASSWORD)
    clinic.clock.advance(86_400)
    (taken,) = clinic.approvals.withdraw(
        protocol.name, " limits  too wide ", "hale", PASSWORD, version=3
    )
    assert (taken.version, taken.on) == (3, "2026-11-23")
    standing = clinic.approvals.standing(protocol)
    assert standing.approval is None
    assert standing.why == (
        "Protocol iv-ketamine-40 version 3 is not approved any more: A. Hale (hale) withdrew it on"
        " 2026-11-24 (limits too wide); a medical director must approve it again before it is used"
        " on a patient"
    )
    assert clinic.approvals.of(second) is not None
    again = clinic.approvals.approve(protocol, "hale", PASSWORD)
    assert clinic.approvals.of(protocol) == again
    both = clinic.approvals.withdraw(protocol.name, "both", "hale", PASSWORD)
    assert {one.version for one in both} == {3, 4}
    assert clinic.approvals.of(protocol) is None
    assert clinic.approvals.of(second) is None


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\x00b"])
def test_a_withdrawal_needs_a_reason(
    clinic: Clinic, protocol: TreatmentProtocol, reason: str
) -> None:
    clinic.approvals.approve(protocol, "hale", PASSWORD)
    with pytest.raises(ApprovalError, match="a reason is 1 to 200 printable characters"):
        clinic.approvals.withdraw(protocol.name, reason, "hale", PASSWORD)
    assert clinic.approvals.of(protocol) is not None


def test_there_is_nothing_to_withdraw_where_nothing_stands(
    clinic: Clinic, protocol: TreatmentProtocol
) -> None:
    with pytest.raises(ApprovalError, match="no approval of protocol iv-ketamine-40 stands"):
        clinic.approvals.withdraw(protocol.name, "why not", "hale", PASSWORD)
    clinic.approvals.approve(protocol, "hale", PASSWORD)
    with pytest.raises(ApprovalError, match="no approval of protocol iv-ketamine-40 version 7"):
        clinic.approvals.withdraw(protocol.name, "why not", "hale", PASSWORD, version=7)


def test_a_store_for_reading_approves_nothing(clinic: Clinic, protocol: TreatmentProtocol) -> None:
    with open_store(clinic.path, read_only=True) as store:
        reading = Approvals(store, clinic.people, clinic.clock.now)
        with pytest.raises(StoreError, match="opened for reading only"):
            reading.approve(protocol, "hale", PASSWORD)
    assert clinic.approvals.of(protocol) is None


# What it is for ------------------------------------------------------------------------------


def test_a_real_session_needs_a_standing_approval_whatever_the_file_says(
    clinic: Clinic, tmp_path: Path
) -> None:
    claims = changed(
        tmp_path,
        ('approved_by = ""', 'approved_by = "Dr A. Hale"'),
        ('approved_on = ""', 'approved_on = "2026-09-02"'),
    )
    today = date(2026, 11, 23)
    patient = Patient("Example, Ada", "X-1", date(1980, 2, 29))
    real = SessionPlan(patient, 70.0, claims, (), False, "1")
    with pytest.raises(ValueError, match="a medical director must sign in and approve"):
        real.check(today, clinic.approvals.standing(claims))
    simulated = SessionPlan(patient, 70.0, claims, (), True, "1")
    simulated.check(today, clinic.approvals.standing(claims))
    clinic.approvals.approve(claims, "hale", PASSWORD)
    real.check(today, clinic.approvals.standing(claims))


def test_the_record_names_who_approved_by_the_store_and_nobody_else(
    clinic: Clinic, protocol: TreatmentProtocol
) -> None:
    claims = msgspec.structs.replace(protocol, approved_by="Dr X", approved_on="2020-01-01")
    assert not recorded_as(claims, clinic.approvals.of(claims)).approved
    clinic.approvals.approve(claims, "hale", PASSWORD)
    kept = recorded_as(claims, clinic.approvals.of(claims))
    assert (kept.approved_by, kept.approved_on) == ("A. Hale (hale)", "2026-11-23")
    assert content_sha256(kept) == content_sha256(claims)
