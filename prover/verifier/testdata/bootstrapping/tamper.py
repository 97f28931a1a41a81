"""Altered copies: of each class of field the first, a middle and the last row, each element of a row.

What a proof sends as rounds and values has to be rejected by a check. Folds, quotient, `f_0(U)` and the residues of
all levels but the last are bound by the group side alone: altered, they give it other outputs. Then `PE.K1` is named,
as the outputs differ from the recorded ones.
"""

import copy

from circuit import STEP
from poseidon import R
from protocol import Rejection, check
from shape import Shape

DIGESTS = ["d1", "d2", "d3", "d4"]


def chosen(count):
    return sorted({0, count // 2, count - 1})


def layers(shape):
    return {f"{part} of layer {layer}" for part in ("rounds", "children")
            for layer in [1, 2, shape.layers // 2, shape.layers - 1]}


def alterations(case):
    """(step, what, path of the element)."""
    shape = Shape(case["parameters"], case["circuit"])
    yield "PB.T1", "stmt", ("stmt",)
    for i, name in enumerate(DIGESTS):
        yield ("PB.T2", "PB.D1", "PE.J2", "PE.J5")[i], name, ("digests", i)
    kept, first = layers(shape), 0
    for step, name, rows, width in shape.fields():
        if "layer" not in name or name in kept:
            for row in chosen(rows):
                for element in chosen(width) if width > 4 else range(width):
                    at = first + row * width + element
                    yield step, f"{name}: row {row}, element {element}", ("proof", at)
        first += rows * width


def altered(case, path):
    other = copy.deepcopy(case)
    *parents, last = path
    place = other
    for key in parents:
        place = place[key]
    place[last] = f"{(int(place[last], 16) + 1) % R:064x}"
    return other


def outcome(case):
    try:
        check(case)
    except Rejection as rejection:
        return str(rejection)
    return "accepted"


def run(case):
    """Prints a table; 1 when a copy was accepted, or the case itself rejected."""
    if (honest := outcome(case)) != "accepted":
        print(f"the case itself: {honest}")
        return 1
    copies = [(step, what, altered(case, path)) for step, what, path in alterations(case)]
    copies += list(texts(case)) + list(classes(case)) + list(lengths(case))
    failures = 0
    for step, what, other in copies:
        verdict = outcome(other)
        failures += verdict == "accepted"
        print(f"{step:6} {verdict:8} {what}")
    print(f"{len(copies)} copies, {failures} accepted")
    return int(failures > 0)


def texts(case):
    """Other circuits of the same shape: with another step of the grid, and with a word off it."""
    lines = case["circuit"].splitlines()
    for at, line in enumerate(lines):
        words = line.split(" ")
        place = {"table": 2, "bootstrap": 3, "row": 1}.get(words[0])
        if place is None:
            continue
        for step, change in (("PB.T1", STEP), ("PB.S1", 1)):
            other = copy.deepcopy(case)
            changed = [*words[:place], str(int(words[place]) ^ change), *words[place + 1:]]
            other["circuit"] = "\n".join([*lines[:at], " ".join(changed), *lines[at + 1:], ""])
            yield step, f"circuit: {words[0]} in line {at + 1}", other


def classes(case):
    """The same circuit in a class that has room for more, under the same id.

    Values of unused slots are zeros, and one zero after an odd number of elements is nothing to the sponge: their number is
    the class's, which the id in `shape` names. So two slots more of outputs, the last ones.
    """
    for name, more in (("max_log_bootstrappings", 1), ("max_inputs", 1), ("max_outputs", 2), ("log_output_blocks", 1)):
        other = copy.deepcopy(case)
        other["parameters"][name] += more
        yield "PB.T1", f"class: {name}", other


def lengths(case):
    for what, proof in [("one element less", case["proof"][:-1]), ("one element more", case["proof"] + ["0" * 64]),
                        ("an element not below r", [f"{R:064x}"] + case["proof"][1:])]:
        yield "PB.T2", what, {**case, "proof": proof}
