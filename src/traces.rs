//! Traces for OpenTelemetry, in a build with the feature `otel`: every request is a span, and its log lines are events.
//!
//! `OTEL_EXPORTER_OTLP_ENDPOINT` turns them on: the address of a collector that receives them as OTLP over HTTP,
//! `http://` only (there is no TLS). The other variables of OpenTelemetry apply too. All are read from the environment
//! only.

use std::error::Error;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

static SENT: AtomicBool = AtomicBool::new(false);

/// Returns whether traces are sent, so that requests need spans.
#[must_use]
pub fn are_sent() -> bool {
    SENT.load(Ordering::Relaxed)
}

/// How long a collector may take to accept a batch.
const SEND_TIME: Duration = Duration::from_secs(10);

/// The connection to the collector; none if no address is set.
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Opens the connection. Needs a runtime of tokio.
    ///
    /// # Errors
    /// A text that says which variable is wrong.
    #[expect(clippy::disallowed_methods, reason = "the library reads its variables from the environment itself")]
    pub fn begin<S>() -> Result<(Self, Option<impl Layer<S>>), Box<dyn Error + Send + Sync>>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
            return Ok((Self(None), None));
        }
        let client = HyperClient::with_default_connector(SEND_TIME, None);
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(OnRuntime { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|error| format!("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {error}; use http://host:4318"))?;
        let resource = Resource::builder().with_service_name("handstamp").build();
        let provider = SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("handstamp"));
        SENT.store(true, Ordering::Relaxed);
        Ok((Self(Some(provider)), Some(layer)))
    }

    /// Sends the remaining traces.
    pub fn end(self) {
        if let Some(error) = self.0.and_then(|provider| provider.shutdown().err()) {
            tracing::warn!(%error, "The last traces were not sent");
        }
    }
}

/// Batches are sent from a thread without a runtime, but the client needs one.
#[derive(Debug)]
struct OnRuntime {
    client: HyperClient,
    runtime: Handle,
}

impl HttpClient for OnRuntime {
    // The form that `async_trait` generates.
    fn send_bytes<'this, 'sent>(
        &'this self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'sent>>
    where
        'this: 'sent,
        Self: 'sent,
    {
        let client = self.client.clone();
        let sending = self.runtime.spawn(async move { client.send_bytes(request).await });
        Box::pin(async move { sending.await? })
    }
}
