#!/usr/bin/env python3
"""A second verifier of the field side of the proof of bootstrapping, written from docs/spec, not from the Rust verifier.

verify.py FILE            public outputs of the proof, or exit status 1 with the id of the failing check
verify.py --tamper FILE   alters every class of field in turn: each copy has to be rejected
verify.py --self-test     known answers, and closed forms against sums
verify.py --fields FILE   the fields of a proof of this shape
"""

import json
import sys

sys.dont_write_bytecode = True

import self_test  # noqa: E402
import tamper
from protocol import Rejection, check
from shape import Shape


def load(path):
    with open(path, encoding="ascii") as file:
        return json.load(file)


def main(arguments):
    match arguments:
        case ["--self-test"]:
            self_test.run()
            print("closed forms agree with sums")
        case ["--fields", path]:
            case = load(path)
            for step, name, rows, width in Shape(case["parameters"], case["circuit"]).fields():
                print(f"{step:6} {rows:5} x {width}  {name}")
        case ["--tamper", path]:
            return tamper.run(load(path))
        case [path] if not path.startswith("--"):
            try:
                outputs = check(load(path))
            except Rejection as rejection:
                print(f"rejected: {rejection}", file=sys.stderr)
                return 1
            for name, value in zip(("rho", "r", "q", "z", "R(z)"), outputs, strict=True):
                print(f"{name} {value:064x}")
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
