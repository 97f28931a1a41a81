//! The gRPC server: engine, health, reflection.

use super::Service;
use super::limits::MAX_MESSAGE_BYTES;
use std::future::Future;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use trine_proto::FILE_DESCRIPTOR_SET;
use trine_proto::engine::v1::engine_service_server::EngineServiceServer;

/// Calls of one connection that are worked on at once.
const MAX_CALLS: usize = 64;

/// Why the server ends.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The transport fails.
    #[error("transport: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors of the protos do not decode.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// Serves until `shutdown` ends; calls in flight are finished.
pub async fn serve(
    service: Service,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServerError> {
    let engine = EngineServiceServer::new(service).max_decoding_message_size(MAX_MESSAGE_BYTES);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<EngineServiceServer<Service>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .with_service_name("trine.engine.v1.EngineService")
        .build_v1()?;
    Server::builder()
        .concurrency_limit_per_connection(MAX_CALLS)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .add_service(engine)
        .add_service(health)
        .add_service(reflection)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), shutdown)
        .await?;
    Ok(())
}
