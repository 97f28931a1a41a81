// Makes test/generated/SnarkjsProof.sol: a verifying key and a proof of snarkjs, in the form that CircuitVerifier takes.
//
//   npm install --prefix FOLDER snarkjs@0.7.5 circom2@0.2.23 js-sha3@0.9.3
//   node tools/snarkjs-vector.mjs FOLDER
//
// The circuit accepts any 18 public inputs, so the proof stands for a statement of one input and one output, and of any program: its points
// are known multiples of the generator, all others are at infinity, and the opening holds. Setup and proof are random:
// every run makes another vector.
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { randomBytes } from "node:crypto";

const packages = resolve(process.argv[2] ?? ".");
const require = createRequire(join(packages, "package.json"));
const snarkjs = require("snarkjs");
const { keccak256 } = require("js-sha3");
const { getCurveFromName } = createRequire(require.resolve("snarkjs"))("ffjavascript");

const PUBLIC_INPUTS = 18;
const LOG_POWERS = 8;
const CLASS_ID = 1n;
// Slots of bootstrappings that a program has words for.
const SLOTS = 16;
// Slots of the class, and used points of the least shapes (docs/spec/onchain.md).
const [COLUMN_SLOTS, ROTATION_SLOTS, KEY_POINTS, INPUT_SLOTS] = [22, 1, 16, 64];
const [COLUMNS, ROTATIONS, FOLDS] = [7, 1, 5];

const curve = await getCurveFromName("bn128");
const [Fr, G1] = [curve.Fr, curve.G1];
const folder = mkdtempSync(join(tmpdir(), "snarkjs-vector-"));
const file = (name) => join(folder, name);

const word = (value) => BigInt(value).toString(16).padStart(64, "0");
const words = (values) => values.map(word).join("");
const keccak = (hex) => BigInt(`0x${keccak256(Buffer.from(hex, "hex"))}`);
const tag = (name) => word(`0x${keccak256(`trine.v1.${name}`)}`);
const cut = (digest) => digest % (1n << 253n);
const round = (k, points) => cut(keccak(tag("round") + words([k, points.length, ...points.flat()])));
const infinity = (count) => Array.from({ length: count }, () => [0n, 0n]);
const multiple = (scalar) => {
    const point = G1.toObject(G1.toAffine(G1.timesFr(G1.g, scalar)));
    return [point[0], point[1]];
};
const random = () => Fr.e(BigInt(`0x${randomBytes(31).toString("hex")}`));
const number = (element) => Fr.toObject(element);

// The statement: scalars are drawn, digests of its points follow.
const [a, b, rho, r, q, z] = Array.from({ length: 6 }, random);
const firstInput = COLUMN_SLOTS + ROTATION_SLOTS + KEY_POINTS;
const power = (exponent) => Fr.exp(rho, exponent);
const batch = Fr.add(Fr.mul(power(firstInput), a), Fr.mul(power(firstInput + INPUT_SLOTS), b));
const [input, output, remainder] = [a, b, batch].map(multiple);
const closing = [[0n, 0n], remainder, [0n, 0n]];
const shape = CLASS_ID | (2n << 8n) | (1n << 16n) | (1n << 24n);
const statement = [11n, shape, 0x0206_0206n, 0n, 0n, 0n, 0n, 0n];
// Words of the program: as many slots as the shape is the least for, rows behind the slots of the class.
const slots = Array.from({ length: 3 }, () => number(random()));
const rows = Array.from({ length: 5 }, () => number(random()));
const evaluated = [...slots, ...Array(SLOTS - slots.length).fill(0n), ...rows]
    .reduceRight((sum, value) => Fr.add(Fr.mul(sum, z), Fr.e(value)), Fr.zero);
const programAtZ = number(evaluated);
const digests = [
    round(1, infinity(COLUMNS)),
    round(2, infinity(ROTATIONS)),
    round(3, infinity(FOLDS)),
    round(4, closing.slice(0, 2)),
];
const challenges = [rho, r, q, z, batch].map(number);
const publicInputs = [...statement, programAtZ, ...digests, ...challenges];

// Setup and proof by snarkjs.
writeFileSync(
    file("any.circom"),
    `pragma circom 2.0.0;
template Any(n) {
    signal input values[n];
    signal input factor;
    signal product;
    var sum = 0;
    for (var i = 0; i < n; i++) { sum += values[i]; }
    product <== sum * factor;
}
component main {public [values]} = Any(${PUBLIC_INPUTS});
`,
);
execFileSync(join(packages, "node_modules/.bin/circom2"), ["any.circom", "--r1cs", "--wasm"], { cwd: folder });
await snarkjs.powersOfTau.newAccumulator(curve, LOG_POWERS, file("pot_0.ptau"));
await snarkjs.powersOfTau.contribute(file("pot_0.ptau"), file("pot_1.ptau"), "vector", randomBytes(32).toString("hex"));
await snarkjs.powersOfTau.preparePhase2(file("pot_1.ptau"), file("pot.ptau"));
await snarkjs.zKey.newZKey(file("any.r1cs"), file("pot.ptau"), file("any_0.zkey"));
await snarkjs.zKey.contribute(file("any_0.zkey"), file("any.zkey"), "vector", randomBytes(32).toString("hex"));
const { proof, publicSignals } = await snarkjs.groth16.fullProve(
    { values: publicInputs.map(String), factor: "3" },
    file("any_js/any.wasm"),
    file("any.zkey"),
);
const key = await snarkjs.zKey.exportVerificationKey(file("any.zkey"));
if (!(await snarkjs.groth16.verify(key, publicSignals, proof))) throw new Error("snarkjs refuses its own proof");

const g1 = ([x, y]) => [x, y];
const g2 = ([[x0, x1], [y0, y1]]) => [x1, x0, y1, y0];
// tau H, tau^16 H, tau^17 H of the same powers: section 3, 128 bytes a point, coordinates in Montgomery form.
const ptau = readFileSync(file("pot.ptau"));
const powerOfTau = (exponent) => {
    let at = 12;
    while (ptau.readUInt32LE(at) !== 3) at += 12 + Number(ptau.readBigUInt64LE(at + 4));
    const start = at + 12 + 128 * exponent;
    return g2(curve.G2.toObject(curve.G2.fromRprLEM(ptau.subarray(start, start + 128), 0)));
};
const keyWords = [
    ...g1(key.vk_alpha_1),
    ...g2(key.vk_beta_2),
    ...g2(key.vk_gamma_2),
    ...g2(key.vk_delta_2),
    ...key.IC.flatMap(g1),
    ...[1, 16, 17].flatMap(powerOfTau),
];
// Lists with their counts; before them where they start.
const lists = [slots, rows, infinity(KEY_POINTS), [input], [output]];
const encoded = lists.map((list) => [BigInt(list.length), ...list.flat()]);
const starts = encoded.map((_, i) => encoded.slice(0, i).reduce((sum, list) => sum + list.length, statement.length + lists.length));
const publicValues = [...statement, ...starts.map((start) => BigInt(32 * start)), ...encoded.flat()];
const proofWords = [
    ...g1(proof.pi_a),
    ...g2(proof.pi_b),
    ...g1(proof.pi_c),
    ...infinity(COLUMNS + ROTATIONS + FOLDS).flat(),
    ...closing.flat(),
    ...challenges,
];

writeFileSync(
    "test/generated/SnarkjsProof.sol",
    `// SPDX-License-Identifier: Apache-2.0
// Generated by \`tools/snarkjs-vector.mjs\`.
pragma solidity ^0.8.28;

/// @title A verifying key and a proof made by snarkjs, and the reference string of the same powers of tau.
library SnarkjsProof {
    uint256 internal constant MAX_POWERS = ${1 << LOG_POWERS};

    /// @dev Words in the order of \`Groth16Key\`.
    function key() internal pure returns (uint256[] memory words) {
        words = abi.decode(
            hex"${words([32n, keyWords.length, ...keyWords])}",
            (uint256[])
        );
    }

    /// @dev The proof comes without the selector.
    function proof() internal pure returns (bytes memory publicValues, bytes memory words) {
        publicValues = hex"${words(publicValues)}";
        words = hex"${words(proofWords)}";
    }
}
`,
);
process.exit(0);
