"""Linear claims on the columns (section 7): `sum <weight, columns> = value`."""

from factors import (below, decomposition_digits, dense, eq_index, eq_table, equal, evaluate, evaluation, evaluations,
                     extraction, identity, index, public, switch)
from poseidon import R


def scaled(vector, factors):
    return [a * b % R for a, b in zip(vector, factors, strict=True)]


class Claims:
    """`list` holds (value, parts), a part (factors, [(column, coefficient)]): one tensor, several columns."""

    def __init__(self, shape):
        self.shape, self.list, self.rotation = shape, [], None

    def add(self, value, *parts):
        self.list.append((value % R, parts))

    def limb(self, family, scale):
        width = self.shape.limb_bits
        return [(f"{family}_{k}", scale << width * k) for k in range(len(self.shape.limbs[family]))]

    def accumulator(self, r_z, r_u, r_i, r_p, v_a):
        offset = self.shape.carry_offset("kap")
        columns = self.reduced(1) + self.limb("kap", 1 << 64) + [("mask", -(offset << 64))]
        self.add(v_a, ([evaluation(r_z), equal(r_u), equal(r_i), equal(r_p)], columns))

    def reduced(self, scale):
        """The accumulator modulo 2^64, zero in masked rows."""
        b = self.shape.base_bits
        limbs = self.limb("d", 1 << 64 - b) + self.limb("rho", 1) + [("mask", -(1 << 63) - (1 << 63 - b))]
        return [(column, scale * coefficient) for column, coefficient in limbs]

    def digits(self, s_z, s_u, s_i, s_p, value):
        columns = self.limb("d", 1) + [("mask", -(1 << self.shape.base_bits - 1)), ("table", 1)]
        self.add(value, ([evaluation(s_z), equal(s_u), equal(s_i), equal(s_p)], columns))

    def key(self, x_z, r_u, s_u, x_b, x_i, value):
        factors = [evaluation(x_z), equal(r_u), equal(s_u), equal(x_b), equal(x_i)]
        self.add(value, (factors, [("BK", 1)]))

    def exponents(self, x_b, x_i, s_p, value):
        self.add(value, ([equal(x_b), equal(x_i), equal(s_p)], [("v", 1)]))

    def switch(self, e_b, e_i, e_p, y):
        shape, bits = self.shape, self.shape.switch_bits
        columns = [("a", 1 << bits)] + self.limb("rho2", 1) + self.limb("kap2", 1 << 64)
        at_body = eq_index(e_i, 0) * e_b[0]
        parts, constant = self.combinations(self.inputs(), eq_table(e_p), [0] * shape.log_n + [1], at_body)
        value = (1 << bits - 1) - at_body * (1 + (shape.half_box << bits)) - y
        value += (shape.carry_offset("kap2") << 64) - constant
        self.add(value, ([equal(e_b), equal(e_i), equal(e_p)], columns), *parts)

    def switch_digits(self, t_l, t_j, t_key, e_p, value):
        weights = [t_key if kind else 1 - t_key for kind in self.shape.kinds]
        slots, levels = scaled(eq_table(e_p), weights), eq_table(t_l)[:self.shape.levels]
        columns = [(f"dks_{level}", weight) for level, weight in enumerate(levels)]
        offset = self.shape.digit_offset * sum(levels) * sum(slots)
        self.add(value + offset, ([equal(t_j), public(slots)], columns))

    def switch_keys(self, t_l, t_j, t_key, e_b, e_i, value):
        factors = [switch(e_b, e_i), equal(t_l), equal(t_j)]
        self.add(value, (factors, [("KSK_0", 1 - t_key), ("KSK_1", t_key)]))

    def keyswitch(self, f_j, f_p):
        shape, slots, parts = self.shape, eq_table(f_p), []
        value = shape.carry_offset("kap3") << 64
        for level in range(shape.levels):
            by_kind = [1 << 64 - base * levels + base * level if level < levels else 0
                       for base, levels in shape.gadgets]
            vector = scaled(slots, [by_kind[kind] for kind in shape.kinds])
            value += shape.digit_offset * sum(vector)
            parts.append(([equal(f_j), public(vector)], [(f"dks_{level}", 1)]))
        halves = scaled(slots, [1 << shape.dropped[kind] - 1 for kind in shape.kinds])
        parts.append(([equal(f_j), public(halves)], [("tie", 1)]))
        parts.append(([equal(f_j), equal(f_p)], self.limb("rho3", 1) + self.limb("kap3", 1 << 64)))
        wires, constant = self.combinations(self.inputs(), slots, f_j + [0], -1)
        self.add(value + sum(halves) - constant, *parts, *wires)

    def outputs(self, g_t, g_f):
        rows = self.shape.circuit.rows
        wires, constant = self.combinations(rows, eq_table(g_f), g_t, -1)
        columns = self.limb("ow", 1) + self.limb("kapo", -(1 << 64))
        value = -(self.shape.carry_offset("kapo") << 64) - constant
        self.add(value, ([equal(g_t), equal(g_f)], columns), *wires)

    def handles(self, y):
        word, rest = y[:self.shape.log_n + 1], y[self.shape.log_n + 1:]
        table, first = eq_table(rest), 0
        for handle, (_, _, blocks) in enumerate(self.shape.circuit.outputs):
            rows = [0] * first + table[:blocks]
            rows += [0] * ((1 << self.shape.log_output_blocks) - len(rows))
            first += blocks
            self.add(0, ([equal(y)], [(f"out_{handle}", 1)]), ([equal(word), public(rows)], self.limb("ow", -1)))

    def inputs(self):
        return [linear for _, _, linear in self.shape.circuit.bootstrappings]

    def combinations(self, rows, weights, point, scale):
        """Parts and constant of `scale * sum_row weight * combination~(point)`, over the 2N words of a block."""
        shape, handles, offsets, constant = self.shape, {}, {}, 0
        for linear, weight in zip(rows, weights):
            constant += weight * linear.constant
            for coefficient, (bootstrapped, source, place) in linear.terms:
                if bootstrapped:
                    functions = shape.circuit.tables[shape.circuit.bootstrappings[source][1]][0]
                    place = 16 // functions * place * (shape.size // 16)
                    sums, at = offsets.setdefault(place, [0] * (1 << shape.log_p)), source
                else:
                    blocks = shape.circuit.inputs[source][2]
                    sums, at = handles.setdefault(source, [0] * (1 << max(blocks - 1, 0).bit_length())), place
                sums[at] = (sums[at] + weight * coefficient) % R
        word, top = point[:-1], point[-1]
        body = top * eq_index(word, 0) % R
        parts = [([equal(point), public(sums)], [(f"in_{handle}", scale)]) for handle, sums in handles.items()]
        for offset, sums in offsets.items():
            for u, factor, weight in [(0, extraction(word, offset), 1 - top), (1, index(offset, shape.log_n), body)]:
                tensor = [factor, index(u, 1), index(shape.groups + 1, shape.log_steps), public(sums)]
                parts.append((tensor, self.reduced(scale * weight)))
        return parts, constant * body % R * scale

    def leaves(self, point, p, q, alpha, beta):
        """Steps PB.H5: what the point of the tree says of numerators and denominators."""
        numerators, denominators = [], []
        q -= 1
        for kind, variables, name, of, first in self.shape.leaves:
            row, above = point[:variables], point[variables:]
            selected = eq_index(above, first >> variables)
            q += selected * (1 - alpha)
            if "table" in kind:
                numerators.append(([equal(row)], [(name, -selected)]))
                q += selected * self.table_fingerprint(kind, of, row, beta)
                continue
            p -= selected
            factors, columns, constant = self.cell_fingerprint(kind, name, of, row, beta)
            denominators.append((factors, [(column, -selected * c) for column, c in columns]))
            q += selected * constant
        self.add(p, *numerators)
        self.add(q, *denominators)

    def cell_fingerprint(self, kind, column, shifts, row, beta):
        """Factors, columns and the public part."""
        if kind == "limb" and shifts[0] == shifts[1]:
            return [equal(row)], [(column, 1 << shifts[0])], 0
        if kind == "exponents":
            return [equal(row)], [("a", beta ** 2), ("v", beta ** 3)], 2 * beta
        word, slots = row[:self.shape.log_n], eq_table(row[self.shape.log_n:])
        if kind == "limb":
            by_slot = [1 << shifts[kind] for kind in self.shape.kinds]
            return [equal(word), public(scaled(slots, by_slot))], [(column, 1)], 0
        powers = [pow(beta, 3 + level, R) for level in range(self.shape.levels)]
        columns = [("tie", beta ** 2)] + [(f"dks_{level}", power) for level, power in enumerate(powers)]
        tag = sum(slot * (3 if kind else 1) for slot, kind in zip(slots, self.shape.kinds, strict=True))
        return [equal(row)], columns, beta * tag - self.shape.digit_offset * sum(powers)

    def table_fingerprint(self, kind, of, row, beta):
        if kind == "range table":
            return identity(row)
        if kind == "exponent table":
            powers = evaluations(self.rotation, 2 * self.shape.size)
            return 2 * beta + beta ** 2 * identity(row) + beta ** 3 * dense(powers, row)
        base, levels = self.shape.gadgets[of]
        digits = decomposition_digits(base, levels, row)
        sums = [pow(beta, 3 + level, R) * digit for level, digit in enumerate(digits)]
        return beta * (3 if of else 1) + beta ** 2 * row[-1] + sum(sums)

    def batch(self, gamma):
        total = 0
        for value, _ in reversed(self.list):
            total = (total * gamma + value) % R
        return total

    def weights(self, gamma, u):
        """By polynomial, and the sum of the public columns times their weights, at the reduction point."""
        weights, total, power = [0] * self.shape.polynomials, 0, 1
        for _, parts in self.list:
            for factors, columns in parts:
                variables, cache = sum(count for count, _ in factors), {}
                for column, coefficient in columns:
                    for polynomial, point, place in self.shape.chunks(column, variables, u):
                        key = tuple(point)
                        if key not in cache:
                            cache[key] = evaluate(factors, point)
                        weight = power * coefficient * place * cache[key] % R
                        if polynomial is None:
                            total += weight * self.public_column(column, point)
                        else:
                            weights[polynomial] = (weights[polynomial] + weight) % R
            power = power * gamma % R
        return weights, total % R

    def public_column(self, column, point):
        """Extension of the mask or of the table over the variables that their chunk has of their own."""
        shape = self.shape
        word, u, rest = point[:shape.log_n], point[shape.log_n], point[shape.log_n + 1:]
        step, slot = rest[:shape.log_steps], rest[shape.log_steps:]
        if column == "mask":
            return (below(step, shape.groups + 2) - eq_index(step, 0)) % R
        values = 0
        for weight, (_, table, _) in zip(eq_table(slot), shape.circuit.bootstrappings):
            values += weight * dense(shape.circuit.tables[table][1], word[-4:])
        return u * eq_index(step, 0) * values % R

