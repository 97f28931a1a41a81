//! Generated gRPC services and messages of Trine.
