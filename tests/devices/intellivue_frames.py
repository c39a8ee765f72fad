"""Worked IntelliVue frames, and frames made of chosen values, for the tests."""

from __future__ import annotations

import struct

from devices.drivers.intellivue_wire import framed

#: As published: made from the written rules, decoded by two independent programs.
VECTORS = {
    name: bytes.fromhex(text)
    for name, text in {
        "aarq": (
            "c0110100ee0dec05081301001601028000140200027de1dc3180a0808001010000a280a003000001"
            "a4803080020101060452010001308006025101000000003080020102060c2a8648ce140201000000"
            "01013080060c2a8648ce140201000000020100000000000061803080020101a0806080a180060c2a"
            "8648ce14020100000003010000be802880060c2a8648ce1402010000000101020102814880000000"
            "40000000000000008000000020000000000000000001002c000100288000000000001f40000003e8"
            "000003e8ffffffff600000000001000cf00100088800000000000000000000000000000000000000"
            "00000000a92ac1"
        ),
        "pollreq": (
            "c011010024e10000020001001c000100070016002100000000000000000c16000800010001000600"
            "00c6c7c1"
        ),
        "ext": (
            "c011010030e10000020001002800010007002200210000000000000000f13b001400010001000600"
            "0000010008f13e0004000753004917c1"
        ),
        "pollres": (
            "c011010096e10000020002008e0001000700880021000000000c16007e000100112233ffffffffff"
            "ffffff00010006000000010066000000030060010100020032094b00220003001e4a0500000f2000"
            "0000804a0600000f200000004f4a0700000f200000005f0990000820261123101530000102000100"
            "0e0950000a4bb800000220ff0003cf01030001000e0950000a482200000aa00000004832aac1"
        ),
        "accept": (
            "c0110100d00ece05081301001601028000140200027de1be3180a0808001010000a280a003000001"
            "a58030808001008102510100003080800100810c2a8648ce14020100000002010000000061803080"
            "020101a0806180a180060c2a8648ce14020100000003010000a203020100a305a103020100be8028"
            "8002010281488000000040000000000000000080000020000000000000000001002c000100288000"
            "000000001f40000003e8000003e8ffffffff600000000001000cf001000888000000000000000000"
            "0000000000000000000000000000e10bc1"
        ),
        "mdscreate": (
            "c011010060e100000200010058000100010052002100000000001000000d06004400210000000000"
            "05003a098600040001000d098700082026112310150000098f000400100000092800140008506869"
            "6c6970730000084d38303037410000094600020000ee9dc1"
        ),
        "mdsresult": "c01101001ce10000020002001400010001000e002100000000001000500d06000068c9c1",
        "release": "c01101001a09187de11661803080020101a080628080010000000000000000004108c1",
        "released": "c01101001a0a187de11661803080020101a080638080010000000000000000000d52c1",
        "abort": (
            "c011010030192e1101037de129a080a0803080020101060251010000000061803080020101a08064"
            "8080010100000000000000000000ab89c1"
        ),
        "keepalive": (
            "c011010024e10000020001001c000800070016002100000000000000000c16000800070001003608"
            "114706c1"
        ),
        "extres": (
            "c011010098e10000020002009000010007008a002100000000f13b00800001000100112233ffffff"
            "ffffffffff00010006000000010066000000030060010100020032094b00220003001e4a0500000f"
            "20000000804a0600000f200000004f4a0700000f200000005f099000082026112310153000010200"
            "01000e0950000a4bb800000220ff0003cf01030001000e0950000a482200000aa0000000483022c1"
        ),
    }.items()
}

NO_TIME = b"\xff" * 8
REFUSED = framed(bytes.fromhex("0c 10 05 08 13 01 00 16 01 02 80 00 14 02 01 00 02 01"))
MMHG, KPA, BPM, RPM, PERCENT = 0x0F20, 0x0F03, 0x0AA0, 0x0AE0, 0x0220
ONGOING, DEMO, TEST = 0x20, 0x400, 0x800

Attribute = tuple[int, bytes]


def value(kind: int, mantissa: int, unit: int, exponent: int = 0, state: int = 0) -> bytes:
    number = (exponent & 0xFF) << 24 | mantissa & 0xFFFFFF
    return struct.pack(">HHHI", kind, state, unit, number)


def one(kind: int, mantissa: int, unit: int, exponent: int = 0, state: int = 0) -> list[Attribute]:
    """An object with a single value."""
    return [(0x0950, value(kind, mantissa, unit, exponent, state))]


def cuff(
    sys: int | None, dia: int | None, mean: int | None, stamp: str | None, state: int = 0
) -> list[Attribute]:
    """The cuff's object: ``stamp`` as 16 digits, ``None`` values are marked as invalid."""
    data = b"".join(
        value(kind, 0x7FFFFF if it is None else it, MMHG, 0, state | (0x8000 if it is None else 0))
        for kind, it in zip((0x4A05, 0x4A06, 0x4A07), (sys, dia, mean), strict=True)
    )
    attributes = [(0x094B, struct.pack(">HH", 3, 30) + data)]
    if stamp is not None:
        attributes.append((0x0990, bytes.fromhex(stamp)))
    return attributes


def objects(*them: list[Attribute]) -> bytes:
    data = b""
    for handle, attributes in enumerate(them, start=0x101):
        inner = b"".join(struct.pack(">HH", name, len(it)) + it for name, it in attributes)
        data += struct.pack(">HHH", handle, len(attributes), len(inner)) + inner
    data = struct.pack(">HHH", 0, len(them), len(data)) + data
    return struct.pack(">HH", 1, len(data)) + data


def answer(
    *them: list[Attribute],
    number: int = 1,
    ticks: int = 0,
    clock: str | None = None,
    invoke: int = 1,
    part: tuple[int, int] | None = None,
    kind: int = 6,
    extended: bool = False,
) -> bytes:
    """The frame of a poll's answer; ``part`` is state and count of a linked one."""
    head = struct.pack(">H", number) + (b"\0\1" if extended else b"")
    head += struct.pack(">I", ticks) + (bytes.fromhex(clock) if clock else NO_TIME)
    data = head + struct.pack(">HHH", 1, kind, 0) + objects(*them)
    action = 0xF13B if extended else 0x0C16
    body = struct.pack(">5H", 0x21, 0, 0, action, len(data)) + data
    body = bytes(part or ()) + struct.pack(">HHH", invoke, 7, len(body)) + body
    return export(5 if part else 2, body)


def export(ro_type: int, body: bytes) -> bytes:
    return framed(bytes.fromhex("e1000002") + struct.pack(">HH", ro_type, len(body)) + body)


def error(invoke: int) -> bytes:
    return export(3, struct.pack(">HHH", invoke, 10, 0))


def alarm(code: int, kind: int, text: str | None) -> bytes:
    """An entry of an alarm list; without text it is of the general form."""
    words = (text or "").encode("utf-16-be")
    info = struct.pack(">HIHH", 1, 7, 1, 0)
    if text is not None:
        info += struct.pack(">H", len(words)) + words
    form = 513 if text is None else 516
    return struct.pack(">4H3HHH", 0x4BB8, code, kind, 8, 6, 0, 0x102, form, len(info)) + info


def alarms(patient: list[bytes], technical: list[bytes], ticks: int = 0) -> bytes:
    lists = [
        (name, struct.pack(">HH", len(them), len(b"".join(them))) + b"".join(them))
        for name, them in ((0x0902, patient), (0x0904, technical))
    ]
    return answer(lists, kind=0x36, ticks=ticks)
