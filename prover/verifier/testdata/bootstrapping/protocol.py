"""The field side of the verifier, step by step (section 7)."""

from claims import Claims
from factors import eq, eq_index, eq_table, shift
from poseidon import R, Transcript, inverse
from shape import Shape


class Rejection(Exception):
    """Carries the id of the failing check."""


def require(condition, step):
    if not condition:
        raise Rejection(step)


def element(text):
    require(isinstance(text, str) and len(text) == 64, "PB.T2")
    value = int(text, 16)
    require(value < R, "PB.T2")
    return value


class Prover:
    """The proof's elements in their order, each absorbed as it is read."""

    def __init__(self, shape, elements, transcript):
        self.expected = [(step, name, rows, width) for step, name, rows, width in shape.fields()]
        require(len(elements) == sum(rows * width for _, _, rows, width in self.expected), "PB.T2")
        self.elements, self.transcript = iter(elements), transcript

    def take(self, step, spread=list):
        """Elements of the next field, as they are absorbed."""
        (of, _, rows, width), *self.expected = self.expected
        assert of == step, (of, step)
        values = spread([next(self.elements) for _ in range(rows * width)])
        self.transcript.absorb(*values)
        return values

    def rounds(self, step, claim, bind):
        """Runs a sumcheck: `bind(claim, message, round, challenge)` is the claim of the next round."""
        (of, _, rows, width), *self.expected = self.expected
        assert of == step, (of, step)
        point = []
        for i in range(rows):
            message = [next(self.elements) for _ in range(width)]
            self.transcript.absorb(*message)
            point.append(self.transcript.challenge())
            claim = bind(claim, message, i, point[-1]) % R
        return claim, point


def weighted(x):
    """Rounds with equality to x factored out: `(t(1) - t(0), t_inf)`."""
    def bind(claim, message, i, c):
        difference, leading = message
        return claim - x[i] * difference + (difference - leading) * c + leading * c * c
    return bind


def quadratic(claim, message, _, c):
    """`(s(0), s_inf)`."""
    zero, leading = message
    return zero + (claim - 2 * zero - leading) * c + leading * c * c


def cubic(claim, message, _, c):
    """`(a_0, a_2, a_3)`."""
    a0, a2, a3 = message
    return a0 + (claim - 2 * a0 - a2 - a3) * c + a2 * c * c + a3 * c * c * c


def verify(case):
    """Public outputs `rho, r, q, z, R(z)`; raises `Rejection`."""
    shape = Shape(case["parameters"], case["circuit"])
    stmt = element(case["stmt"])
    digests = [element(d) for d in case["digests"]]
    elements = [element(e) for e in case["proof"]]
    require(len(digests) == 4, "PB.T2")
    transcript = Transcript("trine.evaluation.circuit.1")
    prover = Prover(shape, elements, transcript)
    circuit, word = shape.circuit, shape.word()
    require(circuit.on_grid(), "PB.S1")
    prog = circuit.digest(word, 1 << shape.max_log_bootstrappings, 1 << shape.log_output_blocks)
    transcript.absorb(stmt, word, *circuit.layouts(), prog, digests[0])
    claims = Claims(shape)
    accumulate(shape, transcript, prover, claims, digests[1])
    look_up(shape, transcript, prover, claims)
    gamma = transcript.challenge()
    left, u = prover.rounds("PB.I2", claims.batch(gamma), quadratic)
    values = prover.take("PB.I3", shape.spread)
    weights, public = claims.weights(gamma, u)
    total = sum(weight * value for weight, value in zip(weights, values, strict=True))
    require((total + public - left) % R == 0, "PB.I3")
    return opening(shape, transcript, prover, values, u, digests[2:])


def check(case):
    """`verify`, and the outputs that the group side was given."""
    outputs = verify(case)
    require(outputs == [element(e) for e in case["outputs"]], "PE.K1")
    return outputs


def accumulate(shape, transcript, prover, claims, d2):
    """Steps PB.A1 to PB.O2."""
    n, steps, draw = shape.log_n, shape.log_steps, transcript.challenges

    def draw_slot():
        """As many as the class has, of which the shape uses its own."""
        return draw(shape.max_log_bootstrappings)[:shape.log_p]
    r_z, r_u, r_i, r_p = draw(n), draw(1), draw(steps), draw_slot()
    v_a, = prover.take("PB.A2")
    claims.accumulator(r_z, r_u, r_i, r_p, v_a)
    left, s_z = prover.rounds("PB.A3", v_a, weighted(r_z))
    left, s = prover.rounds("PB.A3", left, cubic)
    s_u, s_i, s_p = s[:1], s[1:1 + steps], s[1 + steps:]
    digits, key = prover.take("PB.A3")
    require((shift(r_i, s_i) * eq(r_p, s_p) * digits * key - left) % R == 0, "PB.A4")
    claims.digits(s_z, s_u, s_i, s_p, digits)
    left, x_z = prover.rounds("PB.C1", key, weighted(s_z))
    left, x = prover.rounds("PB.C1", left, cubic)
    x_b, x_i = x[:shape.grouping], x[shape.grouping:]
    power, combined = prover.take("PB.C1")
    trivial = eq_index(x_i, 0) * eq_index(x_b, 1) * eq(r_u, s_u)
    require((eq(s_i, x_i) * power * (combined + trivial) - left) % R == 0, "PB.C2")
    claims.key(x_z, r_u, s_u, x_b, x_i, combined)
    transcript.absorb(d2)
    claims.exponents(x_b, x_i, s_p, power)
    claims.rotation = x_z
    e_b, e_i, e_p = draw(shape.grouping), draw(steps), draw_slot()
    y, = prover.take("PB.E2")
    claims.switch(e_b, e_i, e_p, y)
    left, t = prover.rounds("PB.E3", y, quadratic)
    k_d, k_w = prover.take("PB.E3")
    require((k_d * k_w - left) % R == 0, "PB.E4")
    levels = shape.log_levels
    t_l, t_j, t_key = t[:levels], t[levels:-1], t[-1]
    claims.switch_digits(t_l, t_j, t_key, e_p, k_d)
    claims.switch_keys(t_l, t_j, t_key, e_b, e_i, k_w)
    claims.keyswitch(draw(n), draw_slot())
    claims.outputs(draw(n + 1), draw(shape.log_output_blocks))
    claims.handles(draw(shape.log_chunk))


def look_up(shape, transcript, prover, claims):
    """Steps PB.H1 to PB.H5: the tree of fractions from its root to its leaves."""
    alpha, beta = transcript.challenges(2)
    p0, p1, q0, q1 = prover.take("PB.H2")
    require((p0 * q1 + p1 * q0) % R == 0, "PB.H2")
    require(q0 * q1 % R, "PB.H3")
    mu = transcript.challenge()
    point, p, q = [mu], p0 + mu * (p1 - p0), q0 + mu * (q1 - q0)
    for _ in range(1, shape.layers):
        factor = transcript.challenge()
        left, point = prover.rounds("PB.H4", p + factor * q, weighted(point))
        p0, p1, q0, q1 = prover.take("PB.H4")
        require((p0 * q1 + p1 * q0 + factor * q0 * q1 - left) % R == 0, "PB.H4")
        mu = transcript.challenge()
        point.append(mu)
        p, q = (p0 + mu * (p1 - p0)) % R, (q0 + mu * (q1 - q0)) % R
    claims.leaves(point, p, q, alpha, beta)


def opening(shape, transcript, prover, values, u, digests):
    """Steps PE.J1 to PE.J5."""
    arity, m = 16, shape.log_chunk
    rho = transcript.challenge()
    transcript.absorb(digests[0])
    r = transcript.challenge()
    power = pow(r, arity, R)
    at_power = prover.take("PE.J3")
    levels = [prover.take("PE.J3") for _ in range(0, m, 4)]
    for level, residues in enumerate(levels):
        table = eq_table(u[4 * level:4 * level + 4])
        at_power.append(sum(a * b for a, b in zip(table, residues, strict=True)) % R)
    claim = 0
    for value in reversed(values):
        claim = claim * rho + value
    require((at_power.pop() - claim) % R == 0, "PE.J3")
    q = transcript.challenge()
    transcript.absorb(digests[1])
    z = transcript.challenge()
    vanishing = (pow(power, arity, R) - power) % R
    require(vanishing, "PE.J5")
    slope = (pow(z, arity, R) - power) * inverse(vanishing) % R
    at_z = 0
    for residues, value in reversed(list(zip(levels, at_power, strict=True))):
        at = [sum(c * pow(x, b, R) for b, c in enumerate(residues)) for x in (z, power)]
        at_z = at_z * q + at[0] + (value - at[1]) * slope
    return [rho, r, q, z, at_z % R]
