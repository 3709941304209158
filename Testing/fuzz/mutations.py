"""Ways to damage bytes, headers written as text, and JSON. Each takes a `random.Random` and returns something new."""

from __future__ import annotations

import copy
import json

_NUMBERS = (
    *("-1", "0", "1", "2", "3", "255", "1000", "65535", "100000", "4294967295", "-2147483648", "1e9", "1e308", "nan"),
    *("inf", "-0.0", "0.5", "99999999999999999999", "1" * 400, "0x10", "", "NaN", "(1,0,0)", "none", "true"),
)
_WORDS = (
    *("raw", "gzip", "ascii", "hex", "LIST", "LOCAL", "../x.raw", "/dev/urandom", "%d.raw", "True", "False"),
    *("MET_INT", "MET_DOUBLE", "short", "double", "unsigned char", "big", "little", "block", "Image", "x" * 3000),
    *("\x00", "\x1b[31m", "4", "1 1 1", "-1 -1 -1", "domain domain list"),
)


def damaged(random, data: bytes) -> bytes:
    """Bytes with one to three faults as copying, storing and mishandling make them."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(_BYTES)(random, data)
    return data


def _flip(random, data):
    if not data:
        return data
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _overwrite(random, data):
    at, length = random.randrange(len(data) + 1), random.choice((1, 2, 4, 8, 64, 512))
    value = random.choice((b"\0", b"\xff", b"\x7f", bytes([random.randrange(256)])))
    return data[:at] + (value * length)[: len(data) - at] + data[at + length :]


def _cut(random, data):
    return data[: random.randrange(len(data) + 1)]


def _drop(random, data):
    at = random.randrange(len(data) + 1)
    return data[:at] + data[at + random.choice((1, 2, 16, 256)) :]


def _insert(random, data):
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.choice((1, 2, 16, 256))) + data[at:]


def _repeat(random, data):
    at, length = random.randrange(len(data) + 1), random.choice((1, 16, 256))
    return data[: at + length] + data[at:]


def _append(random, data):
    return data + random.choice((b"\0", b"\n", random.randbytes(9), data, b"\0" * 100_000))


_BYTES = (_flip, _flip, _flip, _overwrite, _cut, _drop, _insert, _repeat, _append)


def damaged_text(random, text: bytes) -> bytes:
    """A header of lines with one to three of them wrong: the other bytes are left as they are."""
    for _ in range(random.choice((1, 1, 2, 3))):
        lines = text.split(b"\n")
        at = random.randrange(len(lines))
        lines = random.choice(_LINES)(random, lines, at)
        text = b"\n".join(lines)
    return text


def _without_line(random, lines, at):
    return lines[:at] + lines[at + 1 :]


def _line_twice(random, lines, at):
    return lines[: at + 1] + lines[at:]


def _lines_swapped(random, lines, at):
    other = random.randrange(len(lines))
    lines = list(lines)
    lines[at], lines[other] = lines[other], lines[at]
    return lines


def _value_replaced(random, lines, at):
    """One word of a line, or all behind its separator."""
    separator = b":" if b":" in lines[at] else b"="
    key, found, value = lines[at].partition(separator)
    if not found:
        return [*lines[:at], random.choice(_WORDS).encode(), *lines[at:]]
    words = value.split() or [b""]
    words[random.randrange(len(words))] = random.choice(_NUMBERS + _WORDS).encode()
    if random.random() < 0.2:
        words = [random.choice(_NUMBERS + _WORDS).encode()] * random.choice((1, 3, 9, 2000))
    return [*lines[:at], key + separator + b" " + b" ".join(words), *lines[at + 1 :]]


_LINES = (_without_line, _line_twice, _lines_swapped, _value_replaced, _value_replaced, _value_replaced)


def _deep(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


_VALUES = (
    *(None, True, False, -1, 0, 1, 2, 255, 10**9, 10**40, -(10**12), 0.5, -0.5, 1e308, 5e-324),
    *(float("nan"), float("inf"), "", "x", "x" * 5000, "../..", "con", "evil\n", "\x1b[2J", "\ud800", "\u202e", "\0"),
    *([], {}, [[]], [1], [1, 2, 3], [-1, -1, -1], [0, 0, 0], [1e9, 1e9, 1e9], ["a", "b", "c"], {"a": 1}),
    list(range(3000)),
)


def _value(random):
    """A copy: what is put in may be changed again."""
    return copy.deepcopy(random.choice(_VALUES))


def damaged_json(random, data) -> bytes:
    """JSON with one to three values replaced, dropped, added or nested, or its text damaged."""
    data = copy.deepcopy(data)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        parent, key = _place(random, data)
        if parent is None:
            data = _value(random)
            break
        _change(random, parent, key)
    text = json.dumps(data).encode()
    if random.random() < 0.05:
        return text[:-1] + b"[" * 200_000
    if random.random() < 0.05 and text[:1] == b"{":
        return (
            b'{"' + random.choice((b"id", b"levels", b"command", b"labels")) + b'": ' + b"9" * 9000 + b", " + text[1:]
        )
    return damaged(random, text) if random.random() < 0.15 else text


def _change(random, parent, key) -> None:
    way = random.random()
    if way < 0.1 and isinstance(parent, dict):
        parent["unknown"] = _value(random)
    elif way < 0.25:
        del parent[key]
    elif way < 0.3:
        parent[key] = _deep(300)
    elif way < 0.4 and isinstance(parent[key], (int, float)) and not isinstance(parent[key], bool):
        parent[key] = parent[key] * random.choice((-1, 0.5, 2, 10, 1000, 1e12))
    else:
        parent[key] = _value(random)


def _place(random, data):
    """A random (container, key) in the tree, None for the root itself."""
    places = []

    def walk(value):
        for key in value if isinstance(value, dict) else range(len(value)):
            places.append((value, key))
            if isinstance(value[key], (dict, list)):
                walk(value[key])

    if isinstance(data, (dict, list)):
        walk(data)
    return random.choice(places) if places and random.random() > 0.01 else (None, None)
