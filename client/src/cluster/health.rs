//! Readiness of a gRPC service: `grpc.health.v1`.

use crate::process::{ManagedProcess, ProcessError};
use std::time::{Duration, Instant};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const ATTEMPT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);

/// Waits until the whole server behind `endpoint` says SERVING, at most `seconds`; fails at once when its process ends.
pub async fn wait_until_serving(
    process: &mut ManagedProcess,
    endpoint: &Endpoint,
    seconds: u64,
) -> Result<(), ProcessError> {
    let start = Instant::now();
    loop {
        process.check()?;
        if is_serving(endpoint).await {
            return Ok(());
        }
        if start.elapsed() > Duration::from_secs(seconds) {
            return Err(process.not_ready(seconds));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the server says SERVING now.
pub async fn is_serving(endpoint: &Endpoint) -> bool {
    let Ok(channel) = endpoint.clone().connect_timeout(ATTEMPT).timeout(ATTEMPT).connect().await else {
        return false;
    };
    let request = HealthCheckRequest { service: String::new() };
    match HealthClient::new(channel).check(request).await {
        Ok(answer) => answer.into_inner().status() == ServingStatus::Serving,
        Err(_) => false,
    }
}
