"""Uploads ciphertexts to a Trine engine, submits a job over them and follows it to its end.

Shares no code with the project: the stubs are generated from the .proto files in a temporary folder.

    python3 -m venv venv && venv/bin/pip install --require-hashes -r requirements.txt
    venv/bin/python engine_client.py 127.0.0.1:7400 TOKEN program.txt ballot-0.bin ballot-1.bin ...

The last line is JSON: job, state, handles of inputs and outputs, bytes of the proofs.

Each ciphertext file holds the words of one value (2049 words a block, 8 bytes little-endian each) or, with
--compact-list, an encoded compact list. The key set must be stored with the engine already, or be given by --put-key.
"""

import argparse
import hashlib
import importlib
import json
import pathlib
import sys
import tempfile

CHUNK_BYTES = 256 * 1024
PROTO_ROOT = pathlib.Path(__file__).resolve().parents[2] / "proto" / "proto"


def generate_stubs(proto_root, folder):
    """Compiles the engine's .proto files; returns the message and the service modules."""
    from grpc_tools import protoc

    files = sorted(proto_root.glob("trine/engine/v1/*.proto")) + sorted(proto_root.glob("trine/prover/v1/*.proto"))
    if not files:
        sys.exit(f"no .proto files below {proto_root}")
    arguments = ["protoc", f"-I{proto_root}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main(arguments + [str(f) for f in files]) != 0:
        sys.exit("the .proto files do not compile")
    sys.path.insert(0, str(folder))
    names = ["engine_pb2", "engine_pb2_grpc", "ciphertext_pb2", "key_pb2", "job_pb2"]
    return {name: importlib.import_module(f"trine.engine.v1.{name}") for name in names}


class EngineClient:
    """One engine, called with one token."""

    def __init__(self, modules, channel, token):
        self.m = modules
        self.stub = modules["engine_pb2_grpc"].EngineServiceStub(channel)
        self.metadata = (("authorization", f"Bearer {token}"),)

    def chunks(self, content, wrap):
        for offset in range(0, len(content), CHUNK_BYTES):
            data = content[offset : offset + CHUNK_BYTES]
            yield wrap(self.m["ciphertext_pb2"].Chunk(offset=offset, data=data))

    def info(self):
        return self.stub.GetInfo(self.m["engine_pb2"].GetInfoRequest())

    def put_key(self, digest, parameter_set_id, public, server):
        pb = self.m["engine_pb2"]
        header = self.m["key_pb2"].KeyHeader(
            key_digest=digest,
            parameter_set_id=parameter_set_id,
            compact_public_bytes=len(public),
            compressed_server_bytes=len(server),
        )

        def messages():
            yield pb.PutKeyRequest(start=pb.PutKeyStart(idempotency_key=digest, header=header))
            yield from self.chunks(public + server, lambda chunk: pb.PutKeyRequest(chunk=chunk))

        return self.stub.PutKey(messages(), metadata=self.metadata).key

    def upload(self, content, header):
        pb = self.m["engine_pb2"]
        # The same file for the same purpose is the same upload, however often the script runs.
        key = hashlib.sha256(header.SerializeToString(deterministic=True) + content).digest()

        def messages():
            yield pb.UploadCiphertextRequest(start=pb.UploadCiphertextStart(idempotency_key=key, header=header))
            yield from self.chunks(content, lambda chunk: pb.UploadCiphertextRequest(chunk=chunk))

        return self.stub.UploadCiphertext(messages(), metadata=self.metadata).ciphertext

    def register_program(self, text):
        pb = self.m["engine_pb2"]
        key = hashlib.sha256(text).digest()
        request = pb.RegisterProgramRequest(idempotency_key=key, text=text)
        return self.stub.RegisterProgram(request, metadata=self.metadata).program_id

    def submit(self, key_digest, program_id, handles, request_id, key):
        pb = self.m["engine_pb2"]
        program = self.m["job_pb2"].ProgramCall(program_id=program_id, inputs=handles)
        request = pb.SubmitJobRequest(
            idempotency_key=key, request_id=request_id, key_digest=key_digest, program=program
        )
        return self.stub.SubmitJob(request, metadata=self.metadata).job

    def watch(self, job_id):
        pb = self.m["engine_pb2"]
        for event in self.stub.WatchJob(pb.WatchJobRequest(job_id=job_id), metadata=self.metadata):
            yield event

    def receipt(self, job_id):
        pb = self.m["engine_pb2"]
        return self.stub.GetReceipt(pb.GetReceiptRequest(job_id=job_id), metadata=self.metadata).receipt


def fixed_bytes(length):
    def parse(text):
        value = bytes.fromhex(text.removeprefix("0x"))
        if len(value) != length:
            raise argparse.ArgumentTypeError(f"{len(value)} bytes, expected {length}")
        return value

    return parse


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", help="HOST:PORT of the engine")
    parser.add_argument("token", help="bearer token, or @FILE")
    parser.add_argument("program", type=pathlib.Path, help="file with the program's canonical text")
    parser.add_argument("ciphertexts", type=pathlib.Path, nargs="+", help="files, in the order of the inputs")
    parser.add_argument("--key-digest", type=fixed_bytes(32), help="key set that the engine holds")
    parser.add_argument(
        "--put-key",
        type=pathlib.Path,
        nargs=2,
        metavar=("PUBLIC", "SERVER"),
        help="store this key set first; --key-digest is its digest",
    )
    parser.add_argument("--compact-list", action="store_true", help="the files are compact lists")
    parser.add_argument("--registrant", type=fixed_bytes(20), default=bytes([0xA1]) * 20)
    parser.add_argument("--consumer", type=fixed_bytes(20), default=bytes([0xC0]) * 20)
    parser.add_argument("--request-id", type=fixed_bytes(32), default=b"", help="request on chain")
    parser.add_argument("--proto-root", type=pathlib.Path, default=PROTO_ROOT)
    options = parser.parse_args()
    if options.key_digest is None:
        parser.error("--key-digest is missing")
    if options.token.startswith("@"):
        options.token = pathlib.Path(options.token[1:]).read_text().splitlines()[0].strip()
    return options


def input_declarations(text):
    """Type, key kind and number of blocks of each input line of a program text."""
    lines = [line.split() for line in text.decode().splitlines()]
    return [(words[1], words[2], int(words[3])) for words in lines if words[:1] == ["input"]]


def upload_all(client, options, text):
    statement = importlib.import_module("trine.prover.v1.statement_pb2")
    declarations = input_declarations(text)
    if len(declarations) != len(options.ciphertexts):
        sys.exit(f"{len(options.ciphertexts)} ciphertexts, the program takes {len(declarations)}")
    encoding = 2 if options.compact_list else 1
    handles = []
    for path, (value_type, key_kind, blocks) in zip(options.ciphertexts, declarations):
        content = path.read_bytes()
        header = client.m["ciphertext_pb2"].CiphertextHeader(
            key_digest=options.key_digest,
            key_kind=statement.KeyKind.Value(f"KEY_KIND_{key_kind.upper()}"),
            value_type=statement.ValueType.Value(f"VALUE_TYPE_{value_type.upper()}"),
            blocks=blocks,
            registrant=options.registrant,
            consumer=options.consumer,
            encoding=encoding,
            content_bytes=len(content),
        )
        record = client.upload(content, header).record
        print(f"uploaded {path.name} handle {record.handle.hex()}", flush=True)
        handles.append(record.handle)
    return handles


def follow(client, job_id):
    job = None
    names = client.m["job_pb2"].JobState
    for event in client.watch(job_id):
        if event.WhichOneof("event") == "job":
            job = event.job
            print(f"state {names.Name(job.state)} revision {job.revision}", flush=True)
        else:
            print(f"progress {event.progress.step} {event.progress.permille / 10:.1f} %", flush=True)
    return job


def run(options, modules):
    import grpc

    with grpc.insecure_channel(options.address) as channel:
        client = EngineClient(modules, channel, options.token)
        info = client.info()
        print(f"engine of chain {info.chain_id}, coprocessor {info.coprocessor.hex()}", flush=True)
        if options.put_key:
            public, server = (path.read_bytes() for path in options.put_key)
            client.put_key(options.key_digest, info.parameter_set_id, public, server)
        text = options.program.read_bytes()
        program_id = client.register_program(text)
        handles = upload_all(client, options, text)
        parts = [program_id, options.key_digest, options.request_id, *handles]
        key = hashlib.sha256(b"".join(parts)).digest()
        job = client.submit(options.key_digest, program_id, handles, options.request_id, key)
        print(f"job {job.job_id.hex()}", flush=True)
        job = follow(client, job.job_id)
        names = client.m["job_pb2"].JobState
        if names.Name(job.state) not in ("JOB_STATE_PROVEN", "JOB_STATE_FULFILLED"):
            sys.exit(f"{job.failure.name}: {job.failure.message}")
        proof = client.receipt(job.job_id).proof
        summary = {
            "job": job.job_id.hex(),
            "state": names.Name(job.state).removeprefix("JOB_STATE_"),
            "inputs": [handle.hex() for handle in handles],
            "outputs": [output.record.handle.hex() for output in job.outputs],
            "proven": [output.proven for output in job.outputs],
            "inner_proof_bytes": len(proof.inner),
            "wrapped_proof_bytes": len(proof.wrapped),
        }
        print(json.dumps(summary))


def main():
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        run(options, generate_stubs(options.proto_root, folder))


if __name__ == "__main__":
    main()
