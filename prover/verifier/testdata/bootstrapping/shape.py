"""What a class and a circuit fix: columns, polynomials, leaves, and the fields of a proof."""

from circuit import Circuit
from factors import bits, eq_index

MAX_WEIGHT = 127 * 6


def log2(count):
    return max(count - 1, 0).bit_length()


def split(total, width):
    """Widths of the limbs of an exact range."""
    return [min(width, total - done) for done in range(0, total, width)]


class Shape:
    def __init__(self, constants, text):
        self.__dict__.update(constants)
        self.gadgets = [tuple(constants["compute"]), tuple(constants["casting"])]
        self.circuit = Circuit(text)
        self.size = 1 << self.log_n
        self.grouping = 4
        self.log_p = log2(len(self.circuit.bootstrappings))
        assert len(self.circuit.bootstrappings) <= 1 << self.max_log_bootstrappings
        assert len(self.circuit.inputs) <= self.max_inputs and len(self.circuit.outputs) <= self.max_outputs
        assert self.circuit.blocks() <= 1 << self.log_output_blocks
        self.switch_bits = 63 - self.log_n
        self.half_box = self.size // 32
        self.levels = max(levels for _, levels in self.gadgets)
        self.log_levels = log2(self.levels)
        self.digit_offset = 1 << max(base for base, _ in self.gadgets) - 1
        self.dropped = [64 - base * levels for base, levels in self.gadgets]
        used = [kind for kind, _, _ in self.circuit.bootstrappings]
        self.kinds = used + [0] * ((1 << self.log_p) - len(used))
        self.families()
        self.lay_out()
        self.lay_out_leaves()

    def word(self):
        counts = [self.id, self.log_p, len(self.circuit.inputs), len(self.circuit.outputs)]
        return sum(count << 8 * i for i, count in enumerate(counts))

    def carry_limbs(self, bound):
        """Limbs of a carry in [-bound, bound]: its offset is half their range."""
        return -(-(bound.bit_length() + 1) // self.limb_bits)

    def carry_offset(self, family):
        return 1 << self.limb_bits * len(self.limbs[family]) - 1

    def families(self):
        """`limbs[x]`: the widths of the limbs of column x, by kind of key."""
        w, b, steps = self.limb_bits, self.base_bits, self.log_steps
        sums = max(levels << base - 1 for base, levels in self.gadgets)
        accumulator = (2 * self.size << self.grouping << b - 1) + 1
        switch = self.grouping * self.size * sums + MAX_WEIGHT + 2 + 2
        rotation = self.log_n + 1 + steps + self.log_p
        exponents = self.grouping + steps + self.log_p
        words, outputs = self.log_n + self.log_p, self.log_n + 1 + self.log_output_blocks
        remainder = [dropped - 1 for dropped in self.dropped]
        both = max(len(split(r, w)) for r in remainder)
        by_kind = [[max(0, min(w, r - w * k)) for r in remainder] for k in range(both)]

        def exact(total):
            return [[width] * 2 for width in split(total, w)]

        def carry(bound):
            return [[w] * 2] * self.carry_limbs(bound)
        table = [
            ("d", rotation, exact(b)), ("rho", rotation, exact(64 - b)), ("kap", rotation, carry(accumulator)),
            ("a", exponents, None), ("rho2", exponents, exact(self.switch_bits)),
            ("kap2", exponents, carry(switch)),
            *[(f"dks_{level}", words, None) for level in range(self.levels)], ("tie", words, None),
            ("rho3", words, by_kind), ("kap3", words, carry(MAX_WEIGHT + 2)),
            ("ow", outputs, exact(64)), ("kapo", outputs, carry(MAX_WEIGHT + 2)),
            ("mult", w, None), ("mult_0", self.table_bits(0), None), ("mult_1", self.table_bits(1), None),
            ("mult_e", self.log_n + 1, None)]
        self.limbs = {name: widths for name, _, widths in table if widths}
        # Rows by slots grow with P: so much at the most bootstrappings.
        growth = self.max_log_bootstrappings - self.log_p
        fixed = {"ow", "kapo", "mult", "mult_0", "mult_1", "mult_e"}
        self.variables, self.longest, self.first_round = {}, {}, []
        for name, variables, widths in sorted(table, key=lambda row: not row[2]):
            columns = [f"{name}_{k}" for k in range(len(widths))] if widths else [name]
            self.first_round += columns
            self.variables.update({column: variables for column in columns})
            longest = variables + (0 if name in fixed else growth)
            self.longest.update({column: longest for column in columns})

    def table_bits(self, kind):
        base, levels = self.gadgets[kind]
        return base * levels + 1

    def lay_out(self):
        """`places[x]`: first slot of column x, and its first row there, as at the most bootstrappings.

        `polynomials` slots, of which `used` hold something.
        """
        variables, chunk = self.variables, 1 << self.log_chunk
        self.places, slots, room = {}, 0, 0
        for column in sorted(self.first_round, key=lambda c: -self.longest[c]):
            rows = 1 << self.longest[column]
            if room < rows:
                self.places[column] = slots, 0
                slots += -(-rows // chunk)
                room = max(chunk, rows) - rows
            else:
                self.places[column] = slots - 1, chunk - room
                room -= rows
        steps = self.log_steps
        keyswitching = 2 + steps + self.log_levels + self.log_n
        exponents = self.grouping + steps
        own = [("v", exponents + self.log_p, exponents + self.max_log_bootstrappings)]
        own += [(key, size, size) for key, size in [("BK", self.log_n + 2 + self.grouping + steps),
                                                    ("KSK_0", keyswitching), ("KSK_1", keyswitching)]]
        own += [(f"in_{h}", None, 0) for h in range(self.max_inputs)]
        own += [(f"out_{h}", None, 0) for h in range(self.max_outputs)]
        for column, count, longest in own:
            variables[column], self.places[column] = count, (slots, 0)
            slots += max(1, 1 << longest >> self.log_chunk)
        for handles, name, most in [(self.circuit.inputs, "in", self.max_inputs),
                                    (self.circuit.outputs, "out", self.max_outputs)]:
            for handle in range(len(handles), most):
                del self.places[f"{name}_{handle}"]
        held = set()
        for column, (first, _) in self.places.items():
            held.update(range(first, first + max(1, 1 << (variables[column] or 0) >> self.log_chunk)))
        self.polynomials, self.used = slots, sorted(held)

    def spread(self, values):
        """Values of all slots: zero where the shape uses none."""
        of_used = dict(zip(self.used, values, strict=True))
        return [of_used.get(slot, 0) for slot in range(self.polynomials)]

    def chunks(self, column, variables, point):
        """Polynomials of a column, each with the point of its chunk and the weight of its place."""
        m, (first, row) = self.log_chunk, self.places.get(column, (None, 0))
        if variables < m:
            return [(first, point[:variables], eq_index(point[variables:], row >> variables))]
        chunks = range(1 << variables - m)
        return [(None if first is None else first + c, point + bits(c, variables - m), 1) for c in chunks]

    def lay_out_leaves(self):
        """`leaves`: (kind, variables, column or key, shifts by kind of key, first leaf), the longest first."""
        blocks = []
        for family, widths in self.limbs.items():
            for k, by_kind in enumerate(widths):
                column = f"{family}_{k}"
                shifts = [self.limb_bits - width for width in by_kind]
                for shift in [[0, 0]] + ([shifts] if any(shifts) else []):
                    blocks.append(("limb", self.variables[column], column, shift))
        blocks.append(("decompositions", self.variables["tie"], None, None))
        blocks.append(("exponents", self.variables["a"], None, None))
        blocks.append(("range table", self.limb_bits, "mult", None))
        blocks += [("decomposition table", self.table_bits(kind), f"mult_{kind}", kind) for kind in range(2)]
        blocks.append(("exponent table", self.log_n + 1, "mult_e", None))
        blocks.sort(key=lambda block: -block[1])
        self.leaves, first = [], 0
        for block in blocks:
            self.leaves.append((*block, first))
            first += 1 << block[1]
        self.layers = log2(first)

    def fields(self):
        """Fields of a proof in their order: (step, name, rows, elements of a row)."""
        n, m, outer = self.log_n, self.log_chunk, self.log_steps
        yield "PB.A2", "v_A", 1, 1
        yield "PB.A3", "rounds over z", n, 2
        yield "PB.A3", "rounds over u, i, p", 1 + outer + self.log_p, 3
        yield "PB.A3", "D, C'", 1, 2
        yield "PB.C1", "rounds over z", n, 2
        yield "PB.C1", "rounds over b, i", self.grouping + outer, 3
        yield "PB.C1", "V, K", 1, 2
        yield "PB.E2", "y", 1, 1
        yield "PB.E3", "rounds", self.log_levels + n + 1, 2
        yield "PB.E3", "k_d, k_w", 1, 2
        yield "PB.H2", "root", 1, 4
        for layer in range(1, self.layers):
            yield "PB.H4", f"rounds of layer {layer}", layer, 2
            yield "PB.H4", f"children of layer {layer}", 1, 4
        yield "PB.I2", "rounds", m, 2
        yield "PB.I3", "values", len(self.used), 1
        yield "PE.J3", "f_0(U)", 1, 1
        for level in range(-(-m // 4)):
            yield "PE.J3", f"residues of level {level}", 1, 1 << min(4, m - 4 * level)
