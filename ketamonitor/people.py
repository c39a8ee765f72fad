"""Who may use the program: people with a role, their passwords, and signing in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ketamonitor.entries import PROGRAM
from ketamonitor.store import PersonRow, Store

#: Fewer characters than this can be guessed; more than the longest cost the computer too much.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200

#: So many wrong tries in a row close a name for so long.
TRIES = 5
LOCKED_FOR = timedelta(seconds=60)

#: Authors that the program writes itself; no person may be mistaken for one of them.
RESERVED = frozenset({PROGRAM, "simulated", "system"})

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")


class Role(StrEnum):
    """What a person is in the clinic; each may do what those before may do."""

    NURSE = "nurse"
    SUPERVISOR = "supervisor"
    DIRECTOR = "director"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who signs in. ``name`` is the short name that stands as author in every entry."""

    name: str
    full_name: str
    role: Role
    active: bool = True


class PeopleError(ValueError):
    """A change to the people that is not accepted; the text says why in one line."""


class SignInError(Exception):
    """Nobody was signed in. The text does not tell whether the name is known."""


class People:
    """The people of a store. Each change is a further row that says when and by whom it was made.

    ``now`` tells the time. Signing in and setting a password take about 0.2 s on purpose. For one
    thread at a time. Every method raises :class:`~ketamonitor.store.StoreError` if the store fails.
    """

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._hasher = PasswordHasher()
        #: Wrong tries in a row and the time of the last one; kept for unknown names as well, so
        #: that a closed name does not tell that it exists.
        self._wrong: dict[str, tuple[int, datetime]] = {}

    @property
    def empty(self) -> bool:
        """Whether nobody has been added yet."""
        return not self._store.people()

    def all(self, *, inactive: bool = False) -> list[Person]:
        """Everybody who may sign in, by name; with ``inactive`` also those who no longer may."""
        return [_person(row) for row in self._store.people() if row.active or inactive]

    def add(self, name: str, full_name: str, role: Role, password: str, author: str) -> Person:
        """Add a person. Raises :class:`PeopleError` for a name, password or role that will not do.

        A name is used once for ever, because it stands as author in the record.
        """
        name, full_name = _folded(name), " ".join(full_name.split())
        if not _NAME.fullmatch(name):
            raise PeopleError(
                "a short name is 2 to 32 characters: small letters a-z, digits and . _ -,"
                " beginning with a letter"
            )
        if name in RESERVED:
            raise PeopleError(f"the name {name} is used by the program itself: choose another")
        if not full_name or len(full_name) > 100 or not full_name.isprintable():
            raise PeopleError("a full name is 1 to 100 printable characters")
        if self._store.person(name) is not None:
            raise PeopleError(f"the name {name} is taken, now or in the past: choose another")
        _check_password(password, name, full_name)
        row = PersonRow(
            name, 1, full_name, _role(role), self._hash(password), True, self._now(), author
        )
        self._store.append_person(row)
        return _person(row)

    def sign_in(self, name: str, password: str) -> Person:
        """The person with this name and password.

        Raises :class:`SignInError`, with the same text and after the same work whether the name or
        the password is wrong; after five wrong tries in a row the name is closed for 60 s.
        """
        name, now = _folded(name), self._now()
        self._forget(now)
        tries, last = self._wrong.get(name, (0, now))
        if tries >= TRIES:
            wait = int((LOCKED_FOR - (now - last)).total_seconds()) + 1
            raise SignInError(f"too many wrong tries: wait {wait} s, then try again")
        row = self._store.person(name)
        if row is None:
            self._hash(password)  # as much work as checking it
        elif self._matches(row, password) and row.active:
            self._wrong.pop(name, None)
            return _person(row)
        self._wrong[name] = (tries + 1, now)
        raise SignInError("name or password is wrong")

    def set_password(self, name: str, password: str, author: str) -> None:
        """Give a person a new password. Raises :class:`PeopleError`."""
        row = self._known(name)
        _check_password(password, row.name, row.full_name)
        self._change(row, author, password_hash=self._hash(password))

    def deactivate(self, name: str, author: str) -> Person:
        """Let a person no longer sign in; not the last administrator (:class:`PeopleError`)."""
        row = self._known(name)
        if not row.active:
            raise PeopleError(f"{row.name} has been deactivated already")
        admins = [person.name for person in self.all() if person.role is Role.ADMIN]
        if admins == [row.name]:
            raise PeopleError(f"{row.name} is the last administrator: add another one first")
        return self._change(row, author, active=False)

    def close(self) -> None:
        """Close the store that was handed in."""
        self._store.close()

    def _known(self, name: str) -> PersonRow:
        row = self._store.person(_folded(name))
        if row is None:
            raise PeopleError(f"there is no {_folded(name)!r}; see: ketamonitor people list")
        return row

    def _change(
        self,
        row: PersonRow,
        author: str,
        *,
        password_hash: str | None = None,
        active: bool | None = None,
    ) -> Person:
        changed = replace(
            row,
            change=row.change + 1,
            password_hash=row.password_hash if password_hash is None else password_hash,
            active=row.active if active is None else active,
            changed_at=self._now(),
            changed_by=author,
        )
        self._store.append_person(changed)
        return _person(changed)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_bytes(password))

    def _matches(self, row: PersonRow, password: str) -> bool:
        try:
            return self._hasher.verify(row.password_hash, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    def _forget(self, now: datetime) -> None:
        """Drop tries that are over, so that the list does not grow with every made-up name."""
        over = [name for name, (_, last) in self._wrong.items() if now - last >= LOCKED_FOR]
        for name in over:
            del self._wrong[name]


def _check_password(password: str, name: str, full_name: str) -> None:
    normal = _normal(password)
    if len(normal) < SHORTEST_PASSWORD:
        raise PeopleError(f"a password has at least {SHORTEST_PASSWORD} characters")
    if len(normal) > LONGEST_PASSWORD:
        raise PeopleError(f"a password has at most {LONGEST_PASSWORD} characters")
    if normal.casefold() in (name.casefold(), _normal(full_name).casefold()):
        raise PeopleError("a password must not be the name")


def _role(role: Role) -> str:
    try:
        return Role(role).value
    except ValueError:
        raise PeopleError(f"unknown role {role!r} (known: {', '.join(Role)})") from None


def _normal(password: str) -> str:
    """One form of the letters: keyboards differ in how they compose é."""
    return unicodedata.normalize("NFC", password)


def _bytes(password: str) -> bytes:
    """What is hashed: at most one character more than a password may have, so never a match."""
    return _normal(password)[: LONGEST_PASSWORD + 1].encode("utf-8", "surrogatepass")


def _folded(name: str) -> str:
    return name.strip().lower()


def _person(row: PersonRow) -> Person:
    return Person(row.name, row.full_name, Role(row.role), row.active)
