"""People: what is not accepted, signing in, being locked out, and that nothing is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from ketamonitor.people import People, PeopleError, Person, Role, SignInError
from ketamonitor.store import StoreError, open_store
from tests.fakes import ManualClock

GOOD = "correct horse battery"


class Clinic:
    """People in a new store, with a clock that stands still until it is told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()
        self.store = open_store(path)
        self.people = People(self.store, self.clock.now)

    def add(self, name: str = "anna", role: Role = Role.NURSE, password: str = GOOD) -> Person:
        return self.people.add(name, "Anna Berg", role, password, "first")

    def wrong(self, name: str, password: str = "not the password") -> str:
        with pytest.raises(SignInError) as caught:
            self.people.sign_in(name, password)
        return str(caught.value)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = Clinic(tmp_path / "store.db")
    yield made
    made.people.close()


@pytest.mark.parametrize(
    ("name", "full_name", "role", "password", "text"),
    [
        ("", "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("a", "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("a" * 33, "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("1anna", "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("anna berg", "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("ännä", "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("account:root", "Anna Berg", "nurse", GOOD, "a short name is 2 to 32 characters"),
        ("program", "Anna Berg", "nurse", GOOD, "the name program is used by the program itself"),
        ("anna", "  ", "nurse", GOOD, "a full name is 1 to 100 printable characters"),
        ("anna", "A\x1b[2Jna", "nurse", GOOD, "a full name is 1 to 100 printable characters"),
        ("anna", "Anna Berg", "nurse", "", "a password has at least 10 characters"),
        ("anna", "Anna Berg", "nurse", "123456789", "a password has at least 10 characters"),
        ("anna", "Anna Berg", "nurse", "x" * 201, "a password has at most 200 characters"),
        ("annabergsen", "Anna Berg", "nurse", "AnnaBergsen", "a password must not be the name"),
        ("anna", "Anna Bergsen", "nurse", "anna bergsen", "a password must not be the name"),
        ("anna", "Anna Berg", "owner", GOOD, "unknown role 'owner' (known: nurse, supervisor,"),
    ],
)
def test_who_cannot_be_added(
    clinic: Clinic, name: str, full_name: str, role: str, password: str, text: str
) -> None:
    with pytest.raises(PeopleError) as caught:
        clinic.people.add(name, full_name, role, password, "first")  # type: ignore[arg-type]
    assert str(caught.value).startswith(text)
    assert "\n" not in str(caught.value)
    assert clinic.people.empty


def test_a_name_is_used_once_for_ever(clinic: Clinic) -> None:
    clinic.add("anna")
    with pytest.raises(PeopleError, match="the name anna is taken, now or in the past"):
        clinic.add(" Anna ")
    clinic.people.deactivate("anna", "boss")
    with pytest.raises(PeopleError, match="the name anna is taken, now or in the past"):
        clinic.add("anna")


def test_two_stations_cannot_both_add_the_same_name(clinic: Clinic) -> None:
    with open_store(clinic.path) as store:
        row = clinic.add("anna")
        stored = store.person(row.name)
        assert stored is not None
        with pytest.raises(StoreError, match="anna has just been changed by someone else"):
            store.append_person(stored)


def test_signing_in(clinic: Clinic) -> None:
    assert clinic.people.empty
    added = clinic.add("anna", Role.SUPERVISOR)
    assert added == Person("anna", "Anna Berg", Role.SUPERVISOR)
    assert not clinic.people.empty
    assert clinic.people.sign_in(" Anna ", GOOD) == added
    assert clinic.people.all() == [added]


def test_the_same_words_for_a_wrong_name_and_a_wrong_password(clinic: Clinic) -> None:
    clinic.add("anna")
    clinic.add("gone")
    clinic.people.deactivate("gone", "boss")
    texts = {
        clinic.wrong("anna"),
        clinic.wrong("nobody"),
        clinic.wrong("gone", GOOD),
        clinic.wrong("anna", GOOD + "x" * 300),
        clinic.wrong("anna", "\udcff" * 12),
        clinic.wrong("", ""),
    }
    assert texts == {"name or password is wrong"}


def test_a_wrong_name_costs_as_much_work_as_a_wrong_password(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[str] = []
    real_hash, real_verify = PasswordHasher.hash, PasswordHasher.verify

    def hashing(self: PasswordHasher, password: bytes) -> str:
        work.append("argon2")
        return real_hash(self, password)

    def verifying(self: PasswordHasher, hashed: str, password: bytes) -> bool:
        work.append("argon2")
        return real_verify(self, hashed, password)

    clinic.add("anna")
    monkeypatch.setattr(PasswordHasher, "hash", hashing)
    monkeypatch.setattr(PasswordHasher, "verify", verifying)
    clinic.wrong("anna")
    clinic.wrong("nobody")
    assert work == ["argon2", "argon2"]


def test_composed_and_decomposed_letters_are_the_same_password(clinic: Clinic) -> None:
    clinic.add("anna", password="crème brûlée")
    assert clinic.people.sign_in("anna", "cre\u0300me bru\u0302le\u0301e").name == "anna"


@pytest.mark.parametrize("name", ["anna", "nobody"])
def test_five_wrong_tries_close_the_name_for_a_minute(clinic: Clinic, name: str) -> None:
    clinic.add("anna")
    clinic.add("bo")
    for _ in range(5):
        assert clinic.wrong(name) == "name or password is wrong"
    clinic.clock.advance(30)
    assert clinic.wrong(name, GOOD) == "too many wrong tries: wait 31 s, then try again"
    assert clinic.people.sign_in("bo", GOOD).name == "bo"  # others are not held up
    clinic.clock.advance(30)
    if name == "anna":
        assert clinic.people.sign_in("anna", GOOD).name == "anna"
    assert clinic.wrong(name) == "name or password is wrong"


def test_a_right_password_ends_the_count(clinic: Clinic) -> None:
    clinic.add("anna")
    for _ in range(2):
        for _ in range(4):
            clinic.wrong("anna")
        assert clinic.people.sign_in("anna", GOOD).name == "anna"


def test_a_new_password(clinic: Clinic) -> None:
    clinic.add("anna")
    with pytest.raises(PeopleError, match="at least 10 characters"):
        clinic.people.set_password("anna", "short", "anna")
    with pytest.raises(PeopleError, match="there is no 'nobody'"):
        clinic.people.set_password("nobody", GOOD, "anna")
    clinic.people.set_password("anna", "another good one", "anna")
    assert clinic.wrong("anna") == "name or password is wrong"
    assert clinic.people.sign_in("anna", "another good one").name == "anna"


def test_leaving(clinic: Clinic) -> None:
    clinic.add("boss", Role.ADMIN)
    clinic.add("anna")
    with pytest.raises(PeopleError, match="boss is the last administrator"):
        clinic.people.deactivate("boss", "boss")
    left = clinic.people.deactivate("anna", "boss")
    assert not left.active
    with pytest.raises(PeopleError, match="anna has been deactivated already"):
        clinic.people.deactivate("anna", "boss")
    assert [p.name for p in clinic.people.all()] == ["boss"]
    assert [p.name for p in clinic.people.all(inactive=True)] == ["anna", "boss"]


def test_every_change_stays_with_its_author_and_time(clinic: Clinic) -> None:
    clinic.add("anna")
    clinic.clock.advance(60)
    clinic.people.set_password("anna", "another good one", "boss")
    row = clinic.store.person("anna")
    assert row is not None
    assert (row.change, row.changed_by, row.changed_at) == (2, "boss", clinic.clock.now())
    assert row.password_hash.startswith("$argon2id$")
    assert "another good one" not in clinic.path.read_bytes().decode("latin-1")
