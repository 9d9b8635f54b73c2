//! Who is it? SCRAM-SHA-256 and nothing else, bound to the certificate on TLS (RFC 5802, RFC 7677, RFC 5929).
//!
//! The state of an exchange lives in the function that runs it, so it can be of no other connection. Whatever goes wrong before
//! AuthenticationOk ends the connection. Users who do not exist go through the whole exchange and then have a wrong password.

use std::net::IpAddr;

use bytes::BytesMut;
use pgwire::api::auth::sasl::scram::{ScramSecret, ScramServerAuth};
use pgwire::api::auth::sasl::{SCRAM_SHA_256_METHOD, SCRAM_SHA_256_PLUS_METHOD};
use pgwire::error::PgWireError;
use pgwire::messages::startup::{Authentication, PasswordMessageFamily, SASLInitialResponse, SASLResponse};
use pgwire::messages::{PgWireFrontendMessage, startup};

use super::Shared;
use super::error::{Failure, Fatal};
use super::frame::{self, Stage};
use super::wire::Wire;
use crate::error::{Error, Kind, Result};
use crate::policy::{ITERATIONS, Verifier};

/// What the house knows of a user who may log in.
#[derive(Debug, Clone)]
pub struct Credential {
    pub verifier: Verifier,
    /// The role's id.
    pub role: u32,
    /// Superusers get the reserved seats and are not held to limits of connections.
    pub superuser: bool,
    /// How many sessions the role may have at once (`CONNECTION LIMIT`); `None` is no limit.
    pub connections_max: Option<usize>,
    /// Why the role may not log in for all that, told only to who has shown the password.
    pub refusal: Option<Error>,
}

/// Knows the users. Asked once for each attempt to log in.
pub trait Authenticator: Send + Sync + 'static {
    /// What is known of `user`; `None` if there is nobody of that name, or nobody who may log in by password.
    ///
    /// # Errors
    /// Any error refuses the login and closes the connection.
    fn credential(&self, user: &str) -> Result<Option<Credential>>;
}

/// A plain function knows users, too.
impl<F> Authenticator for F
where
    F: Fn(&str) -> Result<Option<Credential>> + Send + Sync + 'static,
{
    fn credential(&self, user: &str) -> Result<Option<Credential>> {
        self(user)
    }
}

/// A client that wants to log in.
pub(super) struct Applicant<'a> {
    pub(super) user: &'a str,
    pub(super) network: IpAddr,
    /// Whether the connection speaks TLS.
    pub(super) secure: bool,
}

/// Runs the exchange up to and including AuthenticationOk, which is left waiting to be written.
///
/// # Errors
/// Fatal or `Gone`, never a failure after which the connection could go on.
pub(super) async fn authenticate(wire: &mut Wire, shared: &Shared, applicant: &Applicant<'_>) -> Result<Credential, Failure> {
    let known = shared.authenticator.credential(applicant.user).map_err(|error| Failure::from(Fatal::from(error)))?;
    let verifier = match &known {
        Some(credential) => credential.verifier.clone(),
        None => Verifier::decoy(&shared.secret, applicant.user, ITERATIONS),
    };
    let scram = match &shared.tls {
        Some(tls) if applicant.secure => tls.scram.clone(),
        Some(_) | None => ScramServerAuth::new(),
    };
    let outcome = exchange(wire, &scram, verifier).await;
    let (answer, credential) = match (outcome, known) {
        (Ok(answer), Some(credential)) => (answer, credential),
        // A decoy's keys fit no password; should they ever, there is still nobody to log in.
        (Ok(_), None) => return Err(refused(wire, shared, applicant, wrong_password(applicant.user)).await),
        (Err(Refusal::Failure(failure)), _) => return Err(failure.fatal()),
        (Err(Refusal::Password), _) => return Err(refused(wire, shared, applicant, wrong_password(applicant.user)).await),
        (Err(Refusal::Malformed), _) => return Err(refused(wire, shared, applicant, malformed()).await),
    };
    pause(wire, shared, applicant).await?;
    if let Some(refusal) = credential.refusal {
        tracing::warn!(user = ?applicant.user, network = %applicant.network, error = %refusal, "login refused");
        return Err(Fatal::from(refusal).into());
    }
    shared.throttle.succeeded(applicant.user, applicant.network);
    wire.send(&Authentication::SASLFinal(answer.into())).map_err(Failure::fatal)?;
    wire.send(&Authentication::Ok).map_err(Failure::fatal)?;
    Ok(credential)
}

/// Why an exchange did not succeed.
enum Refusal {
    Password,
    Malformed,
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Refusal::Failure(failure)
    }
}

/// Both rounds of SCRAM. Returns the server's final message.
async fn exchange(wire: &mut Wire, scram: &ScramServerAuth, verifier: Verifier) -> Result<String, Refusal> {
    let mut mechanisms = vec![SCRAM_SHA_256_METHOD.to_owned()];
    if scram.supports_channel_binding() {
        mechanisms.insert(0, SCRAM_SHA_256_PLUS_METHOD.to_owned());
    }
    wire.send(&Authentication::SASL(mechanisms.clone()))?;
    wire.flush().await?;
    let first = initial_response(wire.frame(Stage::Login).await?)?;
    let client_first = first.data.unwrap_or_default();
    // A mechanism and its flag must agree, or a client could ask for binding and then not do it.
    let bound = first.auth_method == SCRAM_SHA_256_PLUS_METHOD;
    if !mechanisms.contains(&first.auth_method) || bound != client_first.starts_with(b"p=") {
        return Err(Refusal::Malformed);
    }
    let secret = ScramSecret::Verifier {
        salt: verifier.salt,
        iterations: usize::try_from(verifier.iterations).unwrap_or(usize::MAX),
        stored_key: verifier.stored_key.to_vec(),
        server_key: verifier.server_key.to_vec(),
    };
    let (server_first, waiting) = scram.on_client_first_message_with_secret(&client_first, secret).map_err(refusal)?;
    wire.send(&Authentication::SASLContinue(server_first.into()))?;
    wire.flush().await?;
    let last = response(wire.frame(Stage::Login).await?)?;
    waiting.on_client_final_message(&last.data).map_err(refusal)
}

/// The library's texts repeat what the client sent, so only the kind of its error is used.
fn refusal(error: PgWireError) -> Refusal {
    match error {
        PgWireError::InvalidPassword(_) => Refusal::Password,
        _ => Refusal::Malformed,
    }
}

fn initial_response(message: BytesMut) -> Result<SASLInitialResponse, Refusal> {
    frame::walk_sasl_initial(message.get(5..).unwrap_or_default()).map_err(|_| Refusal::Malformed)?;
    family(message)?.into_sasl_initial_response().map_err(refusal)
}

fn response(message: BytesMut) -> Result<SASLResponse, Refusal> {
    family(message)?.into_sasl_response().map_err(refusal)
}

fn family(message: BytesMut) -> Result<PasswordMessageFamily, Refusal> {
    match frame::decode(message) {
        Ok(PgWireFrontendMessage::PasswordMessageFamily(family @ startup::PasswordMessageFamily::Raw(_))) => Ok(family),
        Ok(_) | Err(_) => Err(Refusal::Malformed),
    }
}

/// Counts a failed login, and answers no sooner than guessing may go.
async fn refused(wire: &mut Wire, shared: &Shared, applicant: &Applicant<'_>, fatal: Fatal) -> Failure {
    tracing::warn!(user = ?applicant.user, network = %applicant.network, sqlstate = fatal.sqlstate(), "login refused");
    let paused = pause(wire, shared, applicant).await;
    shared.throttle.failed(applicant.user, applicant.network);
    match paused {
        Ok(()) => Failure::from(fatal),
        Err(failure) => failure,
    }
}

/// Waits as long as the user's recent failures ask for.
async fn pause(wire: &mut Wire, shared: &Shared, applicant: &Applicant<'_>) -> Result<(), Failure> {
    let delay = shared.throttle.delay(applicant.user, applicant.network);
    tokio::select! {
        biased;
        () = tokio::time::sleep(delay) => Ok(()),
        failure = wire.watch() => Err(failure),
    }
}

fn wrong_password(user: &str) -> Fatal {
    Fatal::new(Kind::InvalidPassword, format!("password authentication failed for user \"{user}\""))
}

fn malformed() -> Fatal {
    Fatal::new(Kind::ProtocolViolation, "malformed SCRAM message")
}
