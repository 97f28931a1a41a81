// Reduces forge's output to what deployment and bindings need: ABI and creation bytecode.
//
//   node artifacts.mjs FORGE_OUTPUT TARGET
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CONTRACTS = ["EvaluationVerifier", "CircuitVerifier", "VerifierGateway", "Coprocessor", "ReleaseVerifier", "PrivateTally", "PrivateElection"];
/// Contracts that only tests deploy.
const TEST_CONTRACTS = ["TinyVerifier"];
/// EIP-170: a larger contract is not deployable.
const MOST_RUNTIME_BYTES = 24576;

const [output, target] = process.argv.slice(2);
mkdirSync(join(target, "test"), { recursive: true });
for (const name of [...CONTRACTS, ...TEST_CONTRACTS]) {
  const folder = CONTRACTS.includes(name) ? target : join(target, "test");
  const { abi, bytecode, deployedBytecode } = JSON.parse(readFileSync(join(output, `${name}.sol`, `${name}.json`), "utf8"));
  if (Object.keys(bytecode.linkReferences).length > 0) throw new Error(`${name} links to a library; all are internal`);
  const runtime = (deployedBytecode.object.length - 2) / 2;
  if (runtime > MOST_RUNTIME_BYTES) throw new Error(`${name} has ${runtime} bytes, at most ${MOST_RUNTIME_BYTES} deploy`);
  const artifact = { contractName: name, abi, bytecode: bytecode.object };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(artifact, null, 1)}\n`);
  process.stderr.write(`${name}: ${runtime} bytes of code\n`);
}
