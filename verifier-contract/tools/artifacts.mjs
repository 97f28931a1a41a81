// Reduces forge's output to what deployment and bindings need: ABI and creation bytecode.
//
//   node artifacts.mjs FORGE_OUTPUT TARGET
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const CONTRACTS = ["EvaluationVerifier", "CircuitVerifier", "VerifierGateway", "Coprocessor", "ReleaseVerifier", "PrivateTally", "PrivateElection"];
/// Contracts that only tests deploy.
const TEST_CONTRACTS = ["TinyVerifier"];
/// Contracts that the constructor of another one creates: nobody deploys them, their errors are those of `ICoprocessor`.
const CREATED = ["ClaimChecker", "BatchComposer"];
/// EIP-170: a larger contract is not deployable.
const MOST_RUNTIME_BYTES = 24576;
/// EIP-3860: nor one with more creation code, which includes that of what it creates.
const MOST_CREATION_BYTES = 49152;

const [output, target] = process.argv.slice(2);
mkdirSync(join(target, "test"), { recursive: true });
for (const name of [...CONTRACTS, ...CREATED, ...TEST_CONTRACTS]) {
  const { abi, bytecode, deployedBytecode } = JSON.parse(readFileSync(join(output, `${name}.sol`, `${name}.json`), "utf8"));
  if (Object.keys(bytecode.linkReferences).length > 0) throw new Error(`${name} links to a library; all are internal`);
  const [creation, runtime] = [bytecode, deployedBytecode].map((code) => (code.object.length - 2) / 2);
  if (runtime > MOST_RUNTIME_BYTES) throw new Error(`${name} has ${runtime} bytes, at most ${MOST_RUNTIME_BYTES} deploy`);
  if (creation > MOST_CREATION_BYTES) throw new Error(`${name} is created by ${creation} bytes, at most ${MOST_CREATION_BYTES} deploy`);
  process.stderr.write(`${name}: ${runtime} bytes of code, created by ${creation}\n`);
  if (CREATED.includes(name)) continue;
  const folder = CONTRACTS.includes(name) ? target : join(target, "test");
  const artifact = { contractName: name, abi, bytecode: bytecode.object };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(artifact, null, 1)}\n`);
}
