//! The engine: gRPC service, storage, scheduling, chain adapter.
