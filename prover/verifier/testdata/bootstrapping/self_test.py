"""Known answers, and closed forms against the sums that they stand for."""

import random

import factors
from circuit import packed
from poseidon import R, ROUND_CONSTANTS, Transcript, permute


def known_answers():
    """circomlib's first constant and hash of (1, 2); the digest that `vectors.rs` froze for the linear class."""
    assert ROUND_CONSTANTS[0][0] == 0x0ee9a592ba9a9518d05986d656f40c2114c4993c11bb29938d21d47304cd8e6e
    hashed = 7853200120776062878684798364095072458815029376092732009249414926327459813530
    assert permute([0, 1, 2])[0] == hashed
    transcript = Transcript("trine.program.linear.1")
    nibbles = 6
    entries = [nibbles, nibbles | 1 << 8, nibbles]
    transcript.absorb(LINEAR_CLASS | 2 << 8 | 1 << 16, packed(entries, 16), 0)
    inputs, blocks, outputs = 15, 4, 4
    for row in range(outputs * blocks):
        coefficients = [128] * (inputs * blocks)
        if row == 0:
            coefficients[0], coefficients[blocks], coefficients[blocks + 1] = 128 + 127, 128 - 127, 128 + 3
        for i in range(0, len(coefficients), 30):
            transcript.absorb(packed(coefficients[i:i + 30], 8))
        transcript.absorb((1 << 64) - 1 if row == 0 else 0)
    frozen = 0x0db5393a029fa630e5b211a936d46ad60150a70af2613499e14f16cbe7c73847
    assert transcript.challenge() == frozen


LINEAR_CLASS = 1


def point(generator, count):
    return [generator.randrange(R) for _ in range(count)]


def dense(vector, y):
    """The extension as its definition has it, without tables."""
    return sum(v * factors.eq(y, factors.bits(i, len(y))) for i, v in enumerate(vector)) % R


def closed_forms(generator):
    for n in range(1, 7):
        x, y, size = point(generator, n), point(generator, n), 1 << n
        assert factors.dense(range(size), y) == dense(range(size), y) == factors.identity(y)
        for bound in range(size + 2):
            assert factors.below(y, bound) == dense([int(i < bound) for i in range(size)], y)
        pairs = [(i, i + 1) for i in range(size - 1)]
        sums = sum(factors.eq_index(y, i) * factors.eq_index(x, j) for i, j in pairs) % R
        assert factors.shift(x, y) == sums
        root = factors.root_of_unity(n)
        assert pow(root, size, R) == R - 1
        zetas = [pow(root, 2 * z + 1, R) for z in range(size)]
        by_sum = [dense([pow(zeta, a, R) for zeta in zetas], x) for a in range(2 * size)]
        assert factors.evaluations(x, 2 * size) == by_sum
        for offset in range(size):
            weights = [0] * size
            for j, weight in enumerate(factors.eq_table(x)):
                k = offset - j if j <= offset else size + offset - j
                weights[k] = (weights[k] + (weight if j <= offset else -weight)) % R
            assert factors.evaluate([factors.extraction(x, offset)], y) == dense(weights, y)


def switches(generator):
    grouping, steps = 4, 3
    e_b, e_i = point(generator, grouping), point(generator, steps)
    weights = []
    for i in range(1 << steps):
        for k in range(grouping):
            # Exponent b of step i sums the words that its bits name, the first by the top bit; step 0 subtracts.
            subsets = [b for b in range(1 << grouping) if b >> (grouping - 1 - k) & 1]
            total = sum(factors.eq_index(e_b, b) for b in subsets) * factors.eq_index(e_i, i)
            weights.append((-total if i == 0 else total) % R)
    y = point(generator, 2 + steps)
    assert factors.evaluate([factors.switch(e_b, e_i)], y) == dense(weights, y)


def decompositions(generator):
    """Digits stand for the state between -1/2 and 1/2, of the tie for the sign that the bit chooses."""
    for base, levels in [(2, 2), (3, 2), (3, 5), (4, 4)]:
        size = 1 << base * levels
        for row in range(2 * size):
            digits = factors.decomposition(base, levels, row)
            value = sum(d << base * i for i, d in enumerate(digits))
            assert (value - row) % size == 0 and 2 * abs(value) <= size
            assert all(2 * abs(d) <= 1 << base for d in digits)
            assert 2 * value != size or row >= size
            assert 2 * value != -size or row < size
        y = point(generator, base * levels + 1)
        table = factors.eq_table(y)
        columns = zip(*[factors.decomposition(base, levels, row) for row in range(2 * size)])
        sums = [sum(map(int.__mul__, column, table)) % R for column in columns]
        assert [s % R for s in factors.decomposition_digits(base, levels, y)] == sums


def run():
    generator = random.Random(1)
    known_answers()
    closed_forms(generator)
    switches(generator)
    decompositions(generator)
