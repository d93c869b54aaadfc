"""Code words of the mark: 40 bits of an id and a keyed check, spread over 1,440 soft symbols.

The code is convolutional (constraint length 9) with 20 generators, so each of the 64 data bits and 8 tail zeros
is sent as 20 different parities. Four generators are the best known of rate 1/4 (free distance 24). The others were
added one by one, each time the one that raises the free distance most (124 for all 20). Different parities, instead
of repetitions of few, keep two marks in one averaged picture apart.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

import numpy as np

from vmodel.types import FloatArray, IntArray

PAYLOAD_BITS = 40
"""An id below 2**40 names a trillion shots."""
CHECK_BITS = 24
STEPS = PAYLOAD_BITS + CHECK_BITS + 8
GENERATORS: tuple[int, ...] = (0o463, 0o535, 0o733, 0o745, 0o537, 0o467, 0o575, 0o473, 0o475, 0o457)
GENERATORS += (0o517, 0o533, 0o657, 0o675, 0o547, 0o565, 0o437, 0o553, 0o477, 0o427)
SYMBOLS = STEPS * len(GENERATORS)
_STATES = 256


def keyed_bytes(key: bytes, label: str, count: int) -> bytes:
    """Derive a byte stream that only the key's holder can make; it is the same at all times and on all machines."""
    seed = hmac.digest(key, f"vmodel mark 1: {label}".encode(), "sha256")
    return hashlib.shake_256(seed).digest(count)


def encode_payload(payload: int, key: bytes) -> IntArray:
    """Encode an id as symbols.

    Args:
        payload: 0 to 2**40 - 1.
        key: secret of the installation.
    Returns:
        (72, 20) int8 of -1 and 1: one row per step of the code, one column per generator.
    Raises:
        ValueError: the payload has more than 40 bits.
    """
    if not 0 <= payload < 1 << PAYLOAD_BITS:
        raise ValueError(f"A mark's payload has {PAYLOAD_BITS} bits; {payload} does not fit.")
    bits = _with_check(payload, key)
    register, rows = 0, []
    for bit in [*bits, *[0] * (STEPS - len(bits))]:
        register = (bit << 8) | (register >> 1)
        rows.append(_parities()[register])
    return np.array(rows, np.int8)


def decode_symbols(soft: FloatArray, key: bytes, words: int = 1) -> int | None:
    """Decode the most likely id, if its check holds.

    Args:
        soft: (72, 20) float; the sign is the symbol, the size its reliability (signal over noise variance).
        key: secret of the installation.
        words: number of likeliest words that are tested against the check.
    Returns:
        The payload, or None if the check fails: noise passes it once in 2**24 tries per word.
    """
    cover = int.from_bytes(keyed_bytes(key, "cover", PAYLOAD_BITS // 8))
    for row in _likeliest_bits(soft, words):
        bits = row[: PAYLOAD_BITS + CHECK_BITS].tolist()
        payload = int("".join(map(str, bits[:PAYLOAD_BITS])), 2) ^ cover
        if bits == _with_check(payload, key):
            return payload
    return None


def _with_check(payload: int, key: bytes) -> list[int]:
    """Build the 64 bits: the id under a keyed cover, and a keyed digest against errors and forgery."""
    plain = payload.to_bytes(PAYLOAD_BITS // 8)
    cover = keyed_bytes(key, "cover", PAYLOAD_BITS // 8)
    check = keyed_bytes(key, f"check {payload}", CHECK_BITS // 8)
    word = bytes(a ^ b for a, b in zip(plain, cover, strict=True)) + check
    return [int(bit) for bit in f"{int.from_bytes(word):064b}"]


@cache
def _parities() -> IntArray:
    """Compute the parities, (512, 20) of -1 and 1, that each content of the 9-bit register sends."""
    registers = np.arange(2 * _STATES)[:, None] & np.array(GENERATORS)[None]
    return np.asarray(2 * (np.bitwise_count(registers) & 1).astype(np.int8) - 1, np.int8)


def _likeliest_bits(soft: FloatArray, words: int) -> IntArray:
    """Find the likeliest words, (words, 72), best first, by Viterbi's algorithm from zero state to zero state.

    Every state keeps ``words`` paths (Seshadri and Sundberg 1994); the check decides which of them was sent.
    """
    gains = np.asarray(soft, np.float32) @ _parities().T.astype(np.float32)
    arriving = np.arange(_STATES)
    before = ((arriving[:, None] << 1) & (_STATES - 1)) | np.arange(2)[None]
    register = (arriving[:, None] << 1) | np.arange(2)[None]
    score = np.full((_STATES, words), -1e30, np.float32)
    score[0, 0] = 0
    chosen = np.empty((STEPS, _STATES, words), np.int64)
    for step in range(STEPS):
        paths = (score[before] + gains[step][register][..., None]).reshape(_STATES, 2 * words)
        best = np.argsort(-paths, axis=1)[:, :words]
        chosen[step] = before[arriving[:, None], best // words] * words + best % words
        score = np.take_along_axis(paths, best, 1)
    at, bits = np.arange(words), np.empty((words, STEPS), np.int64)
    for step in reversed(range(STEPS)):
        bits[:, step] = at // words >> 7
        at = chosen[step].reshape(-1)[at]
    return bits
