"""Circuits from their text (circuits.md, section 3), their layouts and digest (section 6)."""

from poseidon import Transcript

TYPES = {"bool": 1, "uint8": 2, "uint16": 3, "uint32": 4, "uint64": 5, "nibbles": 6}
KINDS = {"compute": 0, "casting": 1}
BOXES, TERMS = 16, 6
STEP = 1 << 59


def packed(words, width):
    return sum(word << (width * i) for i, word in enumerate(words))


def groups(words, size):
    return [words[i:i + size] for i in range(0, len(words), size)]


class Linear:
    """`constant + sum coefficient * wire`; a wire is (bootstrapped, source, place)."""

    def __init__(self, text=None):
        parts = text.split(" + ") if text else ["0"]
        self.constant, self.terms = int(parts[0]), []
        for part in parts[1:]:
            coefficient, wire = part.split("*")
            source, place = wire[1:].split(".")
            self.terms.append((int(coefficient), (wire[0] == "b", int(source), int(place))))

    def element(self, kind, boxes=()):
        steps = [word // STEP for word in (self.constant, *boxes)]
        terms = [(c + 128) | place << 8 | source << 15 | bootstrapped << 22
                 for c, (bootstrapped, source, place) in self.terms]
        terms += [0] * (TERMS - len(terms))
        return kind | packed(steps, 5) << 10 | packed(terms, 23) << (10 + 5 * len(steps))


class Circuit:
    def __init__(self, text):
        lines = text.splitlines()
        assert lines[0] == "trine circuit 1", lines[0]
        self.inputs, self.outputs, self.tables, self.bootstrappings, self.rows = [], [], [], [], []
        for line in lines[1:]:
            word, rest = line.split(" ", 1)
            if word in ("input", "output"):
                name, kind, blocks = rest.split(" ")[:3]
                handles = self.inputs if word == "input" else self.outputs
                handles.append((TYPES[name], KINDS[kind], int(blocks)))
            elif word == "table":
                functions, *boxes = map(int, rest.split(" "))
                self.tables.append((functions, boxes))
            elif word == "bootstrap":
                kind, table, linear = rest.split(" ", 2)
                self.bootstrappings.append((KINDS[kind], int(table), Linear(linear)))
            elif word == "row":
                self.rows.append(Linear(rest))
            else:
                raise ValueError(line)

    def on_grid(self):
        linear = [combination for _, _, combination in self.bootstrappings] + self.rows
        words = [combination.constant for combination in linear] + [box for _, boxes in self.tables for box in boxes]
        return all(word % STEP == 0 for word in words)

    def blocks(self):
        return sum(blocks for _, _, blocks in self.outputs)

    def layouts(self):
        entries = [t | kind << 6 | (blocks - 1) << 8 for t, kind, blocks in self.inputs + self.outputs]
        return [packed(group, 16) for group in groups(entries + [0] * (90 - len(entries)), 15)]

    def digest(self, shape_word, slots, rows):
        transcript = Transcript("trine.program.circuit.2")
        transcript.absorb(shape_word, *self.layouts())
        for p in range(slots):
            element = 0
            if p < len(self.bootstrappings):
                kind, table, linear = self.bootstrappings[p]
                functions, boxes = self.tables[table]
                element = linear.element(2 + kind + 16 * functions, boxes)
            transcript.absorb(element)
        for row in range(rows):
            transcript.absorb(self.rows[row].element(2) if row < len(self.rows) else 0)
        return transcript.challenge()
