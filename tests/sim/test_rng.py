"""The addressed draws: uniform, independent between neighbours, and the same for ever."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim import rng
from tests import oracle
from tests.fuzzy import assert_independent, assert_same_distribution, assert_share, assert_uniform

N = 100_000
WORDS = st.integers(0, 2**64 - 1)

U32 = npt.NDArray[np.uint64]


def words(seed: int, stream: str, day: int, first: int = 0, n: int = N) -> npt.NDArray[np.uint64]:
    """The random words of customers ``first`` .. on one day."""
    keys = rng.customer_keys(rng.id_hashes(np.arange(first, first + n).astype(str)), 0)
    return rng._mix(keys ^ rng.place_keys(seed, stream, np.array([day]))[0])


def high(h: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    return (h >> np.uint64(32)).astype(np.float64) / 2**32


def low(h: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    return (h & np.uint64(2**32 - 1)).astype(np.float64) / 2**32


# --- the same for ever ----------------------------------------------------------------------------------------


def test_mix_is_the_finalizer_of_splitmix64() -> None:
    """First outputs of SplitMix64 from seed 0: the finalizer of 1, 2, 3 golden steps."""
    golden = 0x9E3779B97F4A7C15
    known = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    steps = [golden * k % 2**64 for k in (1, 2, 3)]
    assert [oracle.mix(z) for z in steps] == known
    assert rng._mix(np.array(steps, dtype=np.uint64)).tolist() == known


@given(WORDS)
def test_compiled_draws_equal_plain_python(z: int) -> None:
    h = np.uint64(z)
    with np.errstate(over="ignore"):
        assert int(rng.mix.py_func(h)) == oracle.mix(z)
    assert int(rng._mix(np.array([z], dtype=np.uint64))[0]) == oracle.mix(z)
    assert float(rng.high.py_func(h)) == oracle.high(z)
    assert float(rng.low.py_func(h)) == oracle.low(z)
    assert float(rng.full.py_func(h)) == oracle.full(z)
    assert 0 <= oracle.full(z) < 1


@given(st.integers(-(2**31), 2**63), st.text(max_size=20), st.integers(-4000, 4000))
def test_place_keys_equal_plain_python(seed: int, stream: str, day: int) -> None:
    assert int(rng.place_keys(seed, stream, np.array([day]))[0]) == oracle.place_key(seed, stream, day)


def test_addresses_never_change() -> None:
    """Golden values: another value here would change every published result."""
    assert rng.name_hash("email") == int.from_bytes(hashlib.blake2b(b"email", digest_size=8).digest(), "little")
    key = rng.customer_keys(rng.id_hashes(np.array(["1", "anna"])), 0)
    assert [f"{k:016x}" for k in key.tolist()] == GOLDEN_KEYS
    assert [f"{k:016x}" for k in rng.place_keys(7, "order", np.array([-1, 0, 1])).tolist()] == GOLDEN_PLACES


GOLDEN_KEYS = ["796849dabb0643f4", "3f9eaaa550aa6e12"]
GOLDEN_PLACES = ["afd4648590b35501", "4be14e1a83d6f849", "e30fcd10c9c97655"]


# --- addresses ------------------------------------------------------------------------------------------------


IDS = st.integers(-(10**15), 10**15).map(str) | st.text("abcd0123456789_ .", min_size=1, max_size=9)


@given(st.lists(IDS, min_size=1, max_size=8))
def test_an_id_hashes_by_its_text_alone(ids: list[str]) -> None:
    """Alone or among others, numbers or texts: the same customer has the same hash; different ids differ."""
    together = rng.id_hashes(np.array(ids))
    alone = [int(rng.id_hashes(np.array([text]))[0]) for text in ids]
    assert together.tolist() == alone
    assert len(set(alone)) == len(set(ids))


@pytest.mark.parametrize("odd", ["--5", "9" * 19, "9" * 25, str(-(2**63))])
def test_odd_ids_hash_by_their_text_alone(odd: str) -> None:
    alone = rng.id_hashes(np.array([odd]))
    for company in ("5", "anna"):
        together = rng.id_hashes(np.array([odd, company]))
        assert int(alone[0]) == int(together[0])


@pytest.mark.parametrize(("one", "other"), [("7", "07"), ("7", "+7"), ("7", "7.0"), ("7", " 7"), ("-7", "7")])
def test_ids_that_read_alike_differ(one: str, other: str) -> None:
    hashes = rng.id_hashes(np.array([one, other]))
    assert hashes[0] != hashes[1]
    assert int(rng.id_hashes(np.array([other]))[0]) == int(hashes[1])


def test_copies_of_a_customer_have_keys_of_their_own() -> None:
    hashes = rng.id_hashes(np.arange(1000).astype(str))
    keys = np.concatenate([rng.customer_keys(hashes, copy) for copy in range(8)])
    assert len(np.unique(keys)) == len(keys)


def test_places_differ_by_seed_stream_and_day() -> None:
    days = np.arange(-400, 400)
    streams = ["order", "spend", "dropout", "contact:email", "contact:sms", "complaint:email", "complaint:sms"]
    keys = np.concatenate([rng.place_keys(seed, stream, days) for seed in range(20) for stream in streams])
    assert len(np.unique(keys)) == len(keys)


def test_latent_uniforms_are_never_0_or_1() -> None:
    u = rng.uniforms(3, "latent:x", rng._mix(np.arange(N).astype(np.uint64)))
    assert u.min() > 0
    assert u.max() < 1
    assert_uniform(u)


# --- uniform and independent ----------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [-1, 0, 1, 180])
@pytest.mark.parametrize("stream", ["order", "contact:email"])
def test_uniform_over_customers(stream: str, day: int) -> None:
    h = words(1, stream, day)
    assert_uniform(high(h))
    assert_uniform(low(h))
    assert_independent(high(h), low(h))


@pytest.mark.parametrize("customer", [0, 1, 123_456])
def test_uniform_over_days(customer: int) -> None:
    key = rng.customer_keys(rng.id_hashes(np.array([str(customer)])), 0)[0]
    h = rng._mix(key ^ rng.place_keys(5, "order", np.arange(N)))
    assert_uniform(high(h))
    assert_uniform(low(h))
    for lag in (1, 2, 7):
        assert_independent(high(h)[lag:], high(h)[:-lag])
        assert_independent(low(h)[lag:], high(h)[:-lag])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_neighbours_are_independent(seed: int) -> None:
    """Next day, next customer, other stream, other channel, next seed."""
    here = words(seed, "order", 10)
    for there in (
        words(seed, "order", 11),
        words(seed, "order", 10, first=1),
        words(seed, "spend", 10),
        words(seed, "dropout", 10),
        words(seed, "contact:email", 10),
        words(seed + 1, "order", 10),
    ):
        assert_independent(high(here), high(there))
        assert_independent(low(here), low(there))
    assert_independent(high(words(seed, "contact:email", 10)), high(words(seed, "contact:sms", 10)))


def test_every_bit_is_fair() -> None:
    h = words(9, "order", 3)
    for bit in range(64):
        ones = int(((h >> np.uint64(bit)) & np.uint64(1)).sum())
        assert_share(ones, N, 0.5, precise_to=0.002)


def test_one_bit_of_the_address_moves_half_the_bits() -> None:
    rows = np.random.default_rng(1).integers(0, 2**63, 2000, dtype=np.uint64)
    for bit in range(64):
        moved = rng._mix(rows) ^ rng._mix(rows ^ np.uint64(1 << bit))
        assert np.bitwise_count(moved).mean() == pytest.approx(32, abs=0.5)


# --- a reference generator ------------------------------------------------------------------------------------


def philox4x32(counter: tuple[U32, U32, U32, U32], key: tuple[int, int]) -> tuple[U32, U32, U32, U32]:
    """Philox4x32-10 (Salmon, Moraes, Dror & Shaw, SC 2011), on arrays of 32-bit numbers kept in 64 bits."""
    c0, c1, c2, c3 = (np.asarray(c, dtype=np.uint64) for c in counter)
    k0, k1 = key
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ np.uint64(k0), p1 & mask, (p0 >> half) ^ c3 ^ np.uint64(k1), p0 & mask
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


@pytest.mark.parametrize(
    ("counter", "key", "known"),
    [
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_reference_generator_gives_the_known_answers(
    counter: tuple[int, int, int, int], key: tuple[int, int], known: str
) -> None:
    words32 = philox4x32(tuple(np.array([c], dtype=np.uint64) for c in counter), key)  # type: ignore[arg-type]
    assert " ".join(f"{int(w[0]):08x}" for w in words32) == known


def test_hash_draws_are_distributed_as_the_reference() -> None:
    """Waiting times, maxima and pairs: the statistics orders are made of, under both generators."""
    customers, days = 2000, 64
    keys = rng.customer_keys(rng.id_hashes(np.arange(customers).astype(str)), 0)
    ours = high(rng._mix(keys[:, None] ^ rng.place_keys(4, "order", np.arange(days))[None, :]))
    who, when = np.meshgrid(np.arange(customers), np.arange(days), indexing="ij")
    zero = np.zeros_like(who)
    reference = philox4x32((who, when, zero, zero), (4, 0))[0].astype(np.float64) / 2**32
    for statistic in (
        lambda u: u.max(axis=1),
        lambda u: np.where((u < 0.05).any(axis=1), (u < 0.05).argmax(axis=1), days) + 0.001 * u[:, 0],
        lambda u: (u[:, 1:] * u[:, :-1]).mean(axis=1),
        lambda u: (u[1:] * u[:-1]).mean(axis=1),
    ):
        assert_same_distribution(statistic(ours), statistic(reference))
