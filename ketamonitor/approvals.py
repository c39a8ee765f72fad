"""Which treatment protocols a medical director has approved: this version with this content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from ketamonitor.entries import GENESIS, Draft, chain, stamp
from ketamonitor.people import People, Person, Role, SignInError
from ketamonitor.protocol import TreatmentProtocol, protocol_to_json, unsourced
from ketamonitor.store import ApprovalRow, Store
from ketamonitor.words import day

APPROVED, WITHDRAWN = "approved", "withdrawn"

#: What a file says of its own approval; the store knows better, so it is no part of the content.
_FILE_WORDS = ("approved_by", "approved_on")

#: The chain of approved contents, in the place where an entry has its session.
PROTOCOLS = "protocols"

LONGEST_REASON = 200

NOT_APPROVED = "Not approved: simulated sessions only"


class ApprovalError(ValueError):
    """An approval or withdrawal that is not accepted; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One version and content of a protocol, approved by a medical director at that time."""

    name: str
    version: int
    sha256: str
    by: str
    full_name: str
    at: datetime

    @property
    def who(self) -> str:
        """``A. Hale (hale)``: as record and screen name the director."""
        return f"{self.full_name} ({self.by})" if self.full_name else self.by

    @property
    def on(self) -> str:
        """The day, as ``2026-11-23``."""
        return self.at.date().isoformat()

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "version": self.version,
            "sha256": self.sha256,
            "by": self.by,
            "full_name": self.full_name,
            "at": stamp(self.at),
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """How a protocol stands: its ``approval``, or in ``why`` who must do what before it has one.

    ``may_be_approved`` is false where it is approved, and where its version is taken by another
    content. ``short`` says in few words what ``why`` does, where that is enough.
    """

    approval: Approval | None
    why: str = ""
    may_be_approved: bool = False
    short: str = ""

    @property
    def line(self) -> str:
        """``Approved by A. Hale (hale), 23 Nov 2026``, or that it is not, for page and list."""
        if self.approval is not None:
            return f"Approved by {self.approval.who}, {day(self.approval.at)}"
        return self.short or self.why


class Approvals:
    """The approvals of a store. Each approval and withdrawal is a further row.

    ``now`` tells the time. For one thread at a time. Approving and withdrawing check a password,
    which takes about 0.2 s. Every method raises :class:`~ketamonitor.store.StoreError` if the
    store fails.
    """

    def __init__(self, store: Store, people: People, now: Callable[[], datetime]) -> None:
        self._store = store
        self._people = people
        self._now = now

    def of(self, protocol: TreatmentProtocol) -> Approval | None:
        """The approval of exactly this version and content, if it stands."""
        return self.standing(protocol).approval

    def standing(self, protocol: TreatmentProtocol) -> Standing:
        """How this protocol stands."""
        return self._judge(protocol, self._store.approvals(protocol.name))

    def standings(self, protocols: Iterable[TreatmentProtocol]) -> dict[str, Standing]:
        """How each of these protocols stands, by name; the store is read once."""
        rows = self._store.approvals()
        return {p.name: self._judge(p, [r for r in rows if r.name == p.name]) for p in protocols}

    def approve(self, protocol: TreatmentProtocol, director: str, password: str) -> Approval:
        """Let a medical director approve this version and content, by short name and password.

        Raises :class:`ApprovalError` where that is nobody who may, for rows that do not say where
        they come from, and for what is approved already or bears the version of another content.
        """
        person = self._director(director, password)
        if faults := unsourced(protocol):
            more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
            raise ApprovalError(f"protocol {protocol.name}: {faults[0]}{more}")
        rows = self._store.approvals(protocol.name)
        standing = self._judge(protocol, rows)
        if standing.approval is not None:
            raise ApprovalError(
                f"protocol {protocol.name} version {protocol.version} has been approved already,"
                f" by {standing.approval.who} on {standing.approval.on}"
            )
        if not standing.may_be_approved:
            raise ApprovalError(standing.why)
        row = ApprovalRow(
            protocol.name,
            len(rows) + 1,
            protocol.version,
            content_sha256(protocol),
            APPROVED,
            "",
            person.name,
            self._now(),
        )
        self._store.append_approvals([row])
        self._keep(protocol, row)
        return self._approval(row)

    def contents(self) -> dict[str, dict[str, Any]]:
        """What was approved last of each protocol, by name, as plain JSON; also where the approval
        was withdrawn later. Approvals older than this book kept no content."""
        return {e.body["name"]: e.body["content"] for e in self._store.entries(PROTOCOLS)}

    def _keep(self, protocol: TreatmentProtocol, row: ApprovalRow) -> None:
        """The approved content, so that a later version can be held against it."""
        body = {
            "event": "protocol_approved",
            "name": row.name,
            "version": row.version,
            "sha256": row.sha256,
            "content": protocol_to_json(protocol),
        }
        last = self._store.last(PROTOCOLS)
        seq, before = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
        draft = Draft("audit", row.at, row.by, body)
        self._store.append([chain(draft, PROTOCOLS, seq, row.at, before)])

    def withdraw(
        self, name: str, reason: str, director: str, password: str, version: int | None = None
    ) -> tuple[Approval, ...]:
        """Take back the approval of a protocol: of one version, or of all that stand.

        Gives what stood until now. Sessions that run go on. Raises :class:`ApprovalError` where
        nothing stands, there is no reason, or that is nobody who may.
        """
        reason = " ".join(reason.split())
        if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
            raise ApprovalError(f"a reason is 1 to {LONGEST_REASON} printable characters")
        person = self._director(director, password)
        rows = self._store.approvals(name)
        latest = {(row.version, row.sha256): row for row in rows}
        standing = [
            row
            for row in latest.values()
            if row.state == APPROVED and version in (None, row.version)
        ]
        if not standing:
            which = name if version is None else f"{name} version {version}"
            raise ApprovalError(f"no approval of protocol {which} stands: nothing to withdraw")
        now = self._now()
        self._store.append_approvals(
            [
                ApprovalRow(
                    name,
                    len(rows) + number,
                    row.version,
                    row.sha256,
                    WITHDRAWN,
                    reason,
                    person.name,
                    now,
                )
                for number, row in enumerate(standing, 1)
            ]
        )
        return tuple(self._approval(row) for row in standing)

    def _director(self, name: str, password: str) -> Person:
        try:
            person = self._people.sign_in(name, password)
        except SignInError as error:
            raise ApprovalError(str(error)) from error
        if person.role is not Role.DIRECTOR:
            # Roles otherwise contain one another, but an administrator answers for computers.
            raise ApprovalError(
                f"{person.name} is {person.role.value}: only a medical director (role"
                f" {Role.DIRECTOR.value}) approves protocols or withdraws approval"
            )
        return person

    def _judge(self, protocol: TreatmentProtocol, rows: list[ApprovalRow]) -> Standing:
        """``rows``: everything the store holds of this name, oldest first."""
        sha256 = content_sha256(protocol)
        what = f"Protocol {protocol.name} version {protocol.version}"
        same = [row for row in rows if row.version == protocol.version]
        ours = [row for row in same if row.sha256 == sha256]
        if ours and ours[-1].state == APPROVED:
            return Standing(self._approval(ours[-1]))
        if ours:
            ended = self._approval(ours[-1])
            return Standing(
                None,
                f"{what} is not approved any more: {ended.who} withdrew it on {ended.on}"
                f" ({ours[-1].reason}); a medical director must approve it again before it is"
                " used on a patient",
                may_be_approved=True,
            )
        if same:
            other = self._approval(same[0])
            return Standing(
                None,
                f"{what} is not approved: {other.who} approved another content under that version"
                f" on {other.on}; give the changed file a new version, and let a medical director"
                " approve that",
            )
        return Standing(
            None,
            f"{what} is not approved: a medical director must sign in and approve this version"
            " before it is used on a patient",
            may_be_approved=True,
            short=NOT_APPROVED,
        )

    def _approval(self, row: ApprovalRow) -> Approval:
        person = self._store.person(row.by)
        full_name = person.full_name if person else ""
        return Approval(row.name, row.version, row.sha256, row.by, full_name, row.at)


def content_sha256(protocol: TreatmentProtocol) -> str:
    """What is approved, as 64 hexadecimal digits: everything the program understands of a file,
    defaults included, but for the file's own words on its approval."""
    content = protocol_to_json(protocol)
    for key in _FILE_WORDS:
        del content[key]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def recorded_as(protocol: TreatmentProtocol, approval: Approval | None) -> TreatmentProtocol:
    """The protocol as a session's record keeps it: who approved it by the store, not the file."""
    by, on = (approval.who, approval.on) if approval else ("", "")
    return msgspec.structs.replace(protocol, approved_by=by, approved_on=on)
