"""BN254's scalar field, Poseidon over it, and the transcript (proof-of-evaluation.md, section 6)."""

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
PRIME_BITS = 254
WIDTH, RATE, FULL_ROUNDS, PARTIAL_ROUNDS, ALPHA = 3, 2, 8, 57, 5


def inverse(x):
    return pow(x, R - 2, R)


def grain_bits():
    """Bits of the Grain LFSR of the Poseidon paper, seeded with the parameters, thinned by its self-shrinking rule."""
    def number(value, length):
        return [value >> (length - 1 - i) & 1 for i in range(length)]
    state = number(1, 2) + number(0, 4) + number(PRIME_BITS, 12) + number(WIDTH, 12)
    state += number(FULL_ROUNDS, 10) + number(PARTIAL_ROUNDS, 10) + [1] * 30

    def step():
        bit = state[62] ^ state[51] ^ state[38] ^ state[23] ^ state[13] ^ state[0]
        state.pop(0)
        state.append(bit)
        return bit
    for _ in range(160):
        step()
    while True:
        kept, bit = step(), step()
        if kept:
            yield bit


def constants():
    """Round constants, row by row, and the MDS matrix: a Cauchy matrix of what the generator gives next."""
    bits = grain_bits()

    def draw():
        value = 0
        for _ in range(PRIME_BITS):
            value = value << 1 | next(bits)
        return value

    def below():
        value = draw()
        while value >= R:
            value = draw()
        return value
    rounds = [[below() for _ in range(WIDTH)] for _ in range(FULL_ROUNDS + PARTIAL_ROUNDS)]
    xs, ys = ([draw() % R for _ in range(WIDTH)] for _ in range(2))
    return rounds, [[inverse(x + y) for y in ys] for x in xs]


ROUND_CONSTANTS, MDS = constants()


def permute(state):
    for index, row in enumerate(ROUND_CONSTANTS):
        state = [(x + c) % R for x, c in zip(state, row)]
        full = index < FULL_ROUNDS // 2 or index >= FULL_ROUNDS // 2 + PARTIAL_ROUNDS
        state = [pow(x, ALPHA, R) if full or i == 0 else x for i, x in enumerate(state)]
        state = [sum(m * x for m, x in zip(line, state)) % R for line in MDS]
    return state


class Transcript:
    """Duplex sponge. Cell 0 is the capacity; `position` counts the rate cells that the present mode has used."""

    def __init__(self, tag):
        self.state = [int.from_bytes(tag.encode(), "little") % R, 0, 0]
        self.absorbing, self.position = True, 0

    def absorb(self, *elements):
        for element in elements:
            if not self.absorbing:
                self.absorbing, self.position = True, 0
            elif self.position == RATE:
                self.state, self.position = permute(self.state), 0
            self.state[1 + self.position] = (self.state[1 + self.position] + element) % R
            self.position += 1

    def challenge(self):
        if self.absorbing or self.position == RATE:
            self.state = permute(self.state)
            self.absorbing, self.position = False, 0
        self.position += 1
        return self.state[self.position]

    def challenges(self, count):
        return [self.challenge() for _ in range(count)]
