"""Factors of weights: each is `(variables, extension)`, the extension a function of a point (section 2)."""

from functools import cache
from operator import mul

from poseidon import R


def eq(x, y):
    product = 1
    for a, b in zip(x, y, strict=True):
        product = product * ((1 - a) * (1 - b) + a * b) % R
    return product


def bits(value, count):
    return [value >> i & 1 for i in range(count)]


def eq_index(x, index):
    return eq(x, bits(index, len(x)))


def eq_table(x):
    """`eq(x, i)` for every index i."""
    table = [1]
    for a in x:
        table = [t * (1 - a) % R for t in table] + [t * a % R for t in table]
    return table


def dense(vector, y):
    return sum(a * b for a, b in zip(vector, eq_table(y), strict=True)) % R


def public(vector):
    """Any vector of a power of two of entries."""
    return len(vector).bit_length() - 1, lambda y: dense(vector, y)


def equal(x):
    return len(x), lambda y: eq(x, y)


def index(value, count):
    return count, lambda y: eq_index(y, value)


def identity(y):
    return sum(x << i for i, x in enumerate(y)) % R


def below(y, bound):
    """Extension of `[i < bound]`: the index agrees with the bound above some bit of it, where it has a zero."""
    if bound >> len(y):
        return 1
    total, agree = 0, 1
    for i in reversed(range(len(y))):
        if bound >> i & 1:
            total, agree = total + agree * (1 - y[i]), agree * y[i] % R
        else:
            agree = agree * (1 - y[i]) % R
    return total % R


def shift(r, s):
    """`sum_i eq(s, i) eq(r, i + 1)`: i ends in ones that carry below its lowest zero."""
    total, ones = 0, 1
    for i, (a, b) in enumerate(zip(r, s, strict=True)):
        total += ones * a * (1 - b) * eq(r[i + 1:], s[i + 1:])
        ones = ones * b * (1 - a) % R
    return total % R


def root_of_unity(log_n):
    """`w_N`, a primitive 2N-th root."""
    return pow(5, (R - 1) >> (log_n + 1), R)


def evaluations(x, exponents):
    """`W_x[a] = sum_z eq(x, z) zeta_z^a` for every a below `exponents`."""
    root, powers, power = root_of_unity(len(x)), [], 1
    for _ in range(2 << len(x)):
        powers.append(power)
        power = power * root % R
    table = []
    for a in range(exponents):
        value = powers[a % len(powers)]
        for i, v in enumerate(x):
            value = value * (1 - v + v * powers[(a << (i + 1)) % len(powers)]) % R
        table.append(value)
    return table


def evaluation(x):
    return public(evaluations(x, 1 << len(x)))


def extraction(t, offset):
    """Weight of mask coefficient k in the extension at t of what is extracted at `offset`."""
    table, size = eq_table(t), 1 << len(t)
    return public([table[offset - k] if k <= offset else -table[size + offset - k] % R for k in range(size)])


def extraction_sum(t, offset):
    return (2 * below(t, offset + 1) - 1) % R


def switch(e_b, e_i):
    """Weight of word k of group i, k the lower variables, in what the exponent row sums."""
    grouping = len(e_b)
    words = [e_b[grouping - 1 - k] for k in range(grouping)]
    low = grouping.bit_length() - 1

    def extension(y):
        steps = eq(e_i, y[low:]) - 2 * eq_index(e_i, 0) * eq_index(y[low:], 0)
        return dense(words, y[:low]) * steps % R
    return low + len(e_i), extension


def decomposition(base_bits, levels, row):
    """Digits of a row of the table, the least significant first (EV.K1); the row is `state + 2^(b L) tie`."""
    size, base = 1 << base_bits * levels, 1 << base_bits
    state, tie = row % size, row // size
    half = size // 2
    value = state - size if state > half or (state == half and not tie) else state
    digits = []
    for _ in range(levels):
        residue, value = value % base, value // base
        if residue > base // 2 or (residue == base // 2 and value % base >= base // 2):
            residue, value = residue - base, value + 1
        digits.append(residue)
    return digits


@cache
def decomposition_columns(base_bits, levels):
    """Digits of the rows with tie = 0, level by level, and by how much those of the tie itself differ with tie = 1."""
    size = 1 << base_bits * levels
    rows = [decomposition(base_bits, levels, row) for row in range(size)]
    tie = [decomposition(base_bits, levels, row)[-1] for row in (size // 2, size // 2 + size)]
    return list(zip(*rows)), tie[1] - tie[0]


def decomposition_digits(base_bits, levels, y):
    """Extensions of the digits. The tie decides one state alone, and there the highest digit alone."""
    *state, tie = y
    columns, difference = decomposition_columns(base_bits, levels)
    table = eq_table(state)
    sums = [sum(map(mul, column, table)) % R for column in columns]
    sums[-1] += tie * table[len(table) // 2] * difference
    return sums


def evaluate(factors, y):
    """A tensor of factors at a point, the lowest variables first."""
    product = 1
    for count, extension in factors:
        product = product * extension(y[:count]) % R
        y = y[count:]
    assert not y, "factors cover all variables"
    return product
