//! Generated gRPC services and messages of Trine.
//!
//! You want this crate if you serve or call an engine, a prover or a keyholder. The files under `proto/` are the
//! source and carry the documentation: limits, authentication, idempotency, retry. These types stop at the edge of
//! each service, which turns them into its domain types with `TryFrom`.
//!
//! | module | package | served by |
//! | --- | --- | --- |
//! | `engine::v1` | `trine.engine.v1` | `trine-engine` |
//! | `prover::v1` | `trine.prover.v1` | `trine-prover` |
//! | `keyholder::v1` | `trine.keyholder.v1` | `trine-keyholder` |

#[expect(
    missing_docs,
    clippy::allow_attributes_without_reason,
    clippy::large_enum_variant,
    reason = "generated code"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/services.rs"));
}

pub use generated::trine::*;

/// Encoded `FileDescriptorSet` of all packages with their comments, for the reflection service.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
