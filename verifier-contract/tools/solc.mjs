#!/usr/bin/env node
// The wasm Solidity compiler of package.json behind the two calls that forge makes: `--version` and
// `--standard-json`, with the description of the sources on standard input.
import { createRequire } from "node:module";
import { readFileSync, writeSync } from "node:fs";

// The compiler prints on standard output while it loads; only the answer may go there.
const write = (text) => {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      // A full pipe says EAGAIN: standard output of a child process is not blocking.
      if (error.code !== "EAGAIN") throw error;
    }
  }
};

const solc = createRequire(import.meta.url)("solc");
const [mode] = process.argv.slice(2);
if (mode === "--version") {
  write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version().replace(".Emscripten.clang", ".Linux.g++")}\n`);
} else if (process.argv.includes("--standard-json")) {
  write(solc.compile(readFileSync(0, "utf8")));
} else {
  process.stderr.write(`solc.mjs answers --version and --standard-json, not ${process.argv.slice(2).join(" ")}\n`);
  process.exit(1);
}
