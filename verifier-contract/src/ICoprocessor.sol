// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What consumers, engines and keyholders see of the `Coprocessor`.
interface ICoprocessor {
    enum HandleState {
        Unknown,
        Registered,
        Proven
    }

    enum RequestState {
        Unknown,
        Requested,
        Fulfilled
    }

    /// What a program is made of, and hence how it is proven.
    enum ProgramKind {
        Linear,
        Circuit,
        Segmented
    }

    /// A linear program. `prog` and the layouts are the registrant's claim about the text of `programId`.
    struct ProgramRecord {
        bytes32 programId;
        uint256 prog;
        uint256 layout0;
        uint256 layout1;
        uint8 inputs;
        uint8 outputs;
    }

    /// What the registrant of a circuit claims about its text: `keccak256(abi.encodePacked(words))` of its program, entries of
    /// handles (15 to a word, inputs, then outputs), counts of bootstrappings and handles.
    struct CircuitClaim {
        bytes32 program;
        uint256[6] layouts;
        uint8 bootstrappings;
        uint8 inputs;
        uint8 outputs;
    }

    /// A circuit of bootstrappings.
    struct CircuitRecord {
        bytes32 programId;
        CircuitClaim claim;
    }

    /// A segment of a circuit that is larger than one proof: a circuit by itself. `sources[i]` says what its input i is: below
    /// 256 the input of the request with that index, else `(1 + t) << 8 | o` for output o of segment t, an earlier one.
    struct SegmentClaim {
        bytes32 circuitId;
        CircuitClaim claim;
        uint16[] sources;
    }

    /// A circuit of several segments. `layouts` are entries of its inputs alone, its outputs are those of the last
    /// segment, `segments` is `keccak256(abi.encode(SegmentClaim))` of each.
    struct SegmentedRecord {
        bytes32 programId;
        uint256[6] layouts;
        uint8 inputs;
        uint8 outputs;
        bytes32[] segments;
    }

    /// One job of a proof: a request for a circuit that one proof covers (segment 0), or a segment of a request. `claim`,
    /// `requestInputs` and `links` are read for a segment only.
    struct JobProof {
        bytes32 requestId;
        uint256 segment;
        SegmentClaim claim;
        /// Handles of the request's inputs, in order.
        bytes32[] requestInputs;
        /// For each earlier segment the commitment digests of all its outputs; none where this one reads none of them.
        bytes32[][] links;
        /// Words of the job's program: of its bootstrappings, then of its rows.
        uint256[] words;
        uint256[2][] outputPoints;
        uint256[2][] inputPoints;
    }

    /// A request. `inputsHash` and `commitmentsHash` are `keccak256(abi.encodePacked(...))` over the handles and
    /// over their commitment digests; the handles themselves are in the event `Requested`.
    struct RequestRecord {
        address consumer;
        RequestState state;
        uint48 fulfilledAt;
        bytes32 programRef;
        bytes32 keyDigest;
        bytes32 salt;
        bytes32 inputsHash;
        bytes32 commitmentsHash;
    }

    /// A value. `registrant` is zero for a proven value; `requestId` and `index` are zero for a registered one.
    struct HandleRecord {
        HandleState state;
        address consumer;
        bool released;
        bytes32 keyDigest;
        uint8 keyKind;
        uint8 valueType;
        uint8 blocks;
        bytes32 commitmentDigest;
        address registrant;
        bytes32 requestId;
        uint8 index;
    }

    event KeyRegistered(bytes32 indexed keyDigest, bytes32 scheme, address registrant);
    event CommittedKeyRegistered(
        bytes32 indexed keyDigest, bytes32 indexed contentDigest, uint256 epoch, address registrant
    );
    event ProgramRegistered(
        bytes32 indexed programRef,
        bytes32 indexed programId,
        address indexed registrant,
        bytes text,
        uint256 prog,
        uint256 layout0,
        uint256 layout1,
        uint8 inputs,
        uint8 outputs
    );
    event CircuitRegistered(
        bytes32 indexed programRef,
        bytes32 indexed programId,
        address indexed registrant,
        bytes text,
        CircuitClaim claim
    );
    event SegmentsRegistered(
        bytes32 indexed programRef,
        bytes32 indexed programId,
        address indexed registrant,
        bytes text,
        uint256[6] layouts,
        uint8 inputs,
        SegmentClaim[] segments
    );
    event CiphertextRegistered(
        bytes32 indexed handle,
        address indexed consumer,
        address indexed registrant,
        bytes32 keyDigest,
        uint8 keyKind,
        uint8 valueType,
        uint8 blocks,
        uint256[2] point
    );
    event Requested(
        bytes32 indexed requestId,
        address indexed consumer,
        bytes32 indexed programRef,
        bytes32 keyDigest,
        bytes32 salt,
        bytes32[] inputs
    );
    /// A segment other than the last. `links` are the handles of its outputs, which no request takes and nobody releases.
    event SegmentProven(
        bytes32 indexed requestId,
        uint256 indexed segment,
        address prover,
        bytes32[] links,
        uint256[2][] linkPoints
    );
    event Fulfilled(
        bytes32 indexed requestId,
        address indexed consumer,
        address fulfiller,
        bytes32[] outputs,
        uint256[2][] outputPoints
    );
    event ReleaseAllowed(bytes32 indexed requestId, address indexed consumer, bytes32[] outputs);

    error UnknownKeyScheme(bytes32 scheme);
    /// The key's digest is registered, under another scheme only.
    error KeySchemeMissing(bytes32 keyDigest, bytes32 scheme);
    /// Not as many commitments as the class has chunks of keys.
    error KeyPointCount(uint256 got, uint256 expected);
    /// The points are not the commitments of the request's key.
    error KeyPointsMismatch(bytes32 got, bytes32 expected);
    /// An input of a job is under the casting key, which the request's key has not.
    error NoCastingKey(uint256 job, uint256 input);
    /// This contract was deployed without a gateway: it serves linear programs only.
    error NoGateway();
    error KeyAlreadyRegistered(bytes32 keyDigest);
    /// The commitments are registered with other bytes.
    error KeyContentMismatch(bytes32 keyDigest, bytes32 got, bytes32 expected);
    /// Zero is the digest of no bytes.
    error NoKeyContent(bytes32 keyDigest);
    /// This contract was deployed without a release verifier: no committee attests keys to it.
    error NoReleaseVerifier();
    error UnknownKey(bytes32 keyDigest);
    error ProgramTextLength(uint256 got, uint256 most);
    /// Not below the order of the scalar field.
    error ProgramDigestTooLarge(uint256 prog);
    error ProgramAlreadyRegistered(bytes32 programRef);
    error UnknownProgram(bytes32 programRef);
    error ProgramKindMismatch(bytes32 programRef, ProgramKind got, ProgramKind expected);
    /// Of a circuit, or of all jobs of a proof.
    error TooManyBootstrappings(uint256 got, uint256 most);
    /// Blocks of all outputs, of a circuit or of all jobs of a proof.
    error TooManyOutputBlocks(uint256 got, uint256 most);
    /// Of all jobs of a proof.
    error TooManyInputs(uint256 got, uint256 most);
    /// Of all jobs of a proof.
    error TooManyOutputs(uint256 got, uint256 most);
    error HandleCount(uint256 inputs, uint256 outputs);
    error LayoutEntry(uint256 index, uint256 entry);
    error SegmentCount(uint256 got, uint256 least, uint256 most);
    /// Another number of sources than the segment has inputs.
    error SourceCount(uint256 segment, uint256 got, uint256 expected);
    /// The source of a segment's input is no input of the request, nor an output of an earlier segment.
    error UnknownSource(uint256 segment, uint256 input, uint256 source);
    /// A segment declares an input otherwise than its source is declared.
    error SourceLayoutMismatch(uint256 segment, uint256 input, uint256 got, uint256 expected);
    /// An output of a segment other than the last is not of type nibbles under the compute key.
    error LinkEntry(uint256 segment, uint256 output, uint256 entry);
    /// No later segment reads an output of this one, which a request would be fulfilled without.
    error UnreadSegment(uint256 segment);
    error InvalidDeclaration(uint8 keyKind, uint8 valueType, uint8 blocks);
    error NoConsumer();
    /// Not a canonical point of BN254 G1 other than infinity.
    error InvalidCommitment(uint256 x, uint256 y);
    error AlreadyRegistered(bytes32 handle);
    error UnknownHandle(bytes32 handle);
    error InputCount(uint256 got, uint256 expected);
    error OutputCount(uint256 got, uint256 expected);
    error KeyMismatch(bytes32 handle, bytes32 got, bytes32 expected);
    error LayoutMismatch(uint256 index, uint256 got, uint256 expected);
    /// Two inputs of one request are the same ciphertext.
    error DuplicateInput(uint256 first, uint256 second);
    error UnknownRequest(bytes32 requestId);
    error AlreadyFulfilled(bytes32 requestId);
    error InputPointsMismatch(bytes32 got, bytes32 expected);
    error UnknownSegment(uint256 segment, uint256 count);
    /// The claim is not the one that is registered for the segment.
    error SegmentClaimMismatch(uint256 segment, bytes32 got, bytes32 expected);
    error SegmentAlreadyProven(bytes32 requestId, uint256 segment);
    /// Not the handles that the request names.
    error RequestInputsMismatch(bytes32 got, bytes32 expected);
    /// Not one list of links for each earlier segment.
    error LinkListCount(uint256 got, uint256 expected);
    /// Links are given of a segment that is not proven.
    error SegmentNotProven(bytes32 requestId, uint256 segment);
    /// Not the commitment digests that were proven.
    error LinksMismatch(uint256 segment, bytes32 got, bytes32 expected);
    /// An input is an output of this segment, of which no links are given.
    error LinksMissing(uint256 input, uint256 segment);
    /// The point is not the commitment of the input's source.
    error InputPointMismatch(uint256 input, bytes32 got, bytes32 expected);
    /// A proof of nothing.
    error NoJob();
    /// Two jobs of a proof are one: the same request and segment.
    error DuplicateJob(uint256 first, uint256 second);
    /// The request of a job is under another key than that of the first job.
    error JobKeyMismatch(uint256 job, bytes32 got, bytes32 expected);
    /// Not one word for each bootstrapping and each block of an output.
    error ProgramWordCount(uint256 job, uint256 got, uint256 expected);
    /// The words are not those of the program that is claimed.
    error ProgramWordsMismatch(uint256 job, bytes32 got, bytes32 expected);
    /// A word has more bits than a bootstrapping's, or a row's, has.
    error ProgramWordTooLarge(uint256 job, uint256 word, uint256 bits);
    /// A term without a coefficient is not zero.
    error UnusedTermNotZero(uint256 job, uint256 word);
    /// A term names an input, or an earlier bootstrapping, that the job has not.
    error TermOutsideJob(uint256 job, uint256 word);
    error NotConsumer(bytes32 handle, address caller, address consumer);
    error NotProven(bytes32 handle);
    /// A release of nothing.
    error NothingReleased();
    /// The value is an output of another request than the first one.
    error ReleaseOfAnotherRequest(bytes32 handle, bytes32 got, bytes32 expected);
    /// The output stands before one that is named before it, or is that one.
    error ReleaseOrder(uint256 index);
    /// What is released of the request is decided.
    error ReleaseAlreadyAllowed(bytes32 requestId);

    /// @notice Registers the digest of an evaluation key's bytes, once. Circuits do not run under such a digest.
    /// @param scheme How the digest is made: `keccak256("trine.key.blake3.v1")`.
    function registerKey(bytes32 keyDigest, bytes32 scheme) external;

    /// @notice Registers the commitments of an evaluation key under a committee's signature, once. Anybody may.
    /// @dev Neither digest can be recomputed here from the key: the committee that deals the key says that the bytes, which
    /// engines load and encrypt under, have these commitments, which proofs are about.
    /// @param keyDigest Digest of the commitments, scheme `keccak256("trine.key.kzg.v1")`: circuits run under it.
    /// @param contentDigest Digest of the bytes, scheme `keccak256("trine.key.blake3.v1")`.
    /// @param epoch Committee that signs.
    /// @param signature Point of BLS12-381 G2 as in EIP-2537, 256 bytes.
    function registerCommittedKey(
        bytes32 keyDigest,
        bytes32 contentDigest,
        uint256 epoch,
        bytes calldata signature
    ) external;

    /// @notice Publishes the text of a linear program with what proofs name it by.
    /// @dev `prog` and the layouts cannot be recomputed here: they are a claim, and part of the reference. Another
    /// claim about the same text is another program, so a wrong one blocks nobody. Keyholders recompute all of it.
    /// @param prog Poseidon digest of the program, below the order of the scalar field.
    /// @param layout0 Entries 0 to 14, 16 bits each: inputs, then outputs.
    /// @param layout1 Entries 15 to 29.
    /// @return programRef Digest of program id, `prog`, layouts and counts.
    function registerProgram(
        bytes calldata text,
        uint256 prog,
        uint256 layout0,
        uint256 layout1,
        uint8 inputs,
        uint8 outputs
    ) external returns (bytes32 programRef);

    /// @notice Publishes the text of a circuit with what proofs name it by: a claim, as that of a linear program is.
    /// @return programRef Digest of program id and claim, under a tag of its own: no linear program has it.
    function registerCircuit(bytes calldata text, CircuitClaim calldata claim) external returns (bytes32 programRef);

    /// @notice Publishes the text of a circuit that is larger than one proof, with what proofs of its segments name them by: a
    /// claim too. Whoever has the text makes the same cut.
    /// @param layouts Entries of the circuit's inputs, 15 to a word.
    /// @param inputs Number of the circuit's inputs.
    /// @return programRef Digest of program id, layouts, count and the digests of the segments, under a tag of its own.
    function registerSegments(
        bytes calldata text,
        uint256[6] calldata layouts,
        uint8 inputs,
        SegmentClaim[] calldata segments
    ) external returns (bytes32 programRef);

    /// @notice Registers the commitment to a ciphertext, by the caller, for `consumer` alone.
    /// @param point Affine coordinates of the commitment.
    function registerCiphertext(
        address consumer,
        bytes32 keyDigest,
        uint8 keyKind,
        uint8 valueType,
        uint8 blocks,
        uint256[2] calldata point
    ) external returns (bytes32 handle);

    /// @notice Asks for a program over values of which the caller is the consumer, in the order of the program.
    function request(bytes32 programRef, bytes32 keyDigest, bytes32[] calldata inputs)
        external
        returns (bytes32 requestId);

    /// @notice Records the outputs of a request for a linear program, proven. Anybody may call it; a request is
    /// fulfilled once.
    /// @param outputPoints Commitments of the outputs, in the order of the program.
    /// @param inputPoints Commitments that the input handles name.
    function fulfil(
        bytes32 requestId,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints,
        bytes calldata proof
    ) external;

    /// @notice The same for a circuit. The gateway finds the verifier by the proof's first four bytes.
    /// @param keyPoints Commitments of the request's key: bootstrapping, compute, casting key.
    /// @param words Words of the program: of its bootstrappings, then of its rows.
    function fulfilCircuit(
        bytes32 requestId,
        uint256[2][] calldata keyPoints,
        uint256[2][] calldata outputPoints,
        uint256[2][] calldata inputPoints,
        uint256[] calldata words,
        bytes calldata proof
    ) external;

    /// @notice Records what one proof proves of several jobs under one key: requests for circuits, which it fulfils, and segments of
    /// requests. Anybody may call it; a segment is proven after those that it reads, the last one fulfils its request.
    /// @dev A job that is fulfilled or proven already is covered by the proof and not recorded again: who is faster with one job
    /// stalls no other. Reverts if that is so of all.
    /// @param keyPoints Commitments of the key of all requests.
    function fulfilJobs(JobProof[] calldata jobs, uint256[2][] calldata keyPoints, bytes calldata proof) external;

    /// @notice Lets the committee decrypt outputs of one request. Only their consumer may, once: outputs that are not named
    /// stay encrypted for good.
    /// @dev A set that grew would be decrypted by keyholders that read the chain at different blocks in two ways.
    /// @param outputs Proven outputs of one request, at least one, in the order of the program.
    function allowRelease(bytes32[] calldata outputs) external;

    /// @notice Whether the committee may decrypt the value: proven, and allowed by its consumer.
    function isReleaseAllowed(bytes32 handle) external view returns (bool);

    /// @notice Whether the digest of an evaluation key is registered.
    function isKeyRegistered(bytes32 keyDigest) external view returns (bool);

    /// @notice Digest of the bytes of a registered key: what a committee attested for the digest of commitments, the digest
    /// itself for one of bytes, zero for an unknown one.
    function contentOf(bytes32 keyDigest) external view returns (bytes32);

    /// @notice Id of the next request of a consumer.
    function nextRequestId(address consumer) external view returns (bytes32);

    /// @notice Whether a digest is registered under a scheme.
    function isKeyRegisteredUnder(bytes32 keyDigest, bytes32 scheme) external view returns (bool);

    /// @notice What kind of program a reference names; reverts with `UnknownProgram`.
    function programKind(bytes32 programRef) external view returns (ProgramKind);

    /// @notice A registered linear program; reverts with `UnknownProgram`, `ProgramKindMismatch`.
    function programRecord(bytes32 programRef) external view returns (ProgramRecord memory);

    /// @notice A registered circuit; reverts with `UnknownProgram`, `ProgramKindMismatch`.
    function circuitRecord(bytes32 programRef) external view returns (CircuitRecord memory);

    /// @notice A registered circuit of several segments; reverts with `UnknownProgram`, `ProgramKindMismatch`.
    function segmentedRecord(bytes32 programRef) external view returns (SegmentedRecord memory);

    /// @notice `keccak256(abi.encodePacked(...))` over the commitment digests of a segment's outputs; zero if it is not proven.
    function provenSegment(bytes32 requestId, uint256 segment) external view returns (bytes32 linksHash);

    /// @notice A request; reverts with `UnknownRequest`.
    function requestRecord(bytes32 requestId) external view returns (RequestRecord memory);

    /// @notice A value; reverts with `UnknownHandle`.
    function handleRecord(bytes32 handle) external view returns (HandleRecord memory);
}
