//! The passkeys of the browser (WebAuthn, level 3): makes one, asks for one, and tells the password manager what the server
//! knows. Questions and answers are JSON, as the server writes and reads them.
//!
//! The functions are looked up at run time: an old browser has none of them.

use js_sys::{Function, JSON, Object, Promise, Reflect};
use leptos::prelude::window;
use leptos::web_sys::wasm_bindgen::{JsCast, JsValue};
use leptos::web_sys::{AbortController, AbortSignal};

/// Why the browser gives no passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPasskey {
    /// The user cancelled, it took too long, or the device has none that fits. The browser does not say which.
    Cancelled,
    /// This device has one for this user already.
    Exists,
    /// Anything else.
    Failed,
}

/// Ends a question to the browser.
#[derive(Clone)]
pub struct Withdraw(Option<AbortController>);

/// Returns whether the browser has passkeys.
#[must_use]
pub fn supported() -> bool {
    class().is_some_and(|class| method(&class, "parseRequestOptionsFromJSON").is_some())
}

/// Returns whether the browser can offer passkeys in the autofill of a field.
pub async fn offers_in_autofill() -> bool {
    truth("isConditionalMediationAvailable").await
}

/// Returns whether the browser can do this, by its own name for it.
pub async fn can(capability: &str) -> bool {
    let Some(class) = class() else { return false };
    let Some(capabilities) = promised(call(&class, "getClientCapabilities", None)).await else { return false };
    get_of(&capabilities, capability).is_some_and(|can| can.is_truthy())
}

impl Withdraw {
    pub fn possible() -> Self {
        Self(AbortController::new().ok())
    }

    fn signal(&self) -> Option<AbortSignal> {
        self.0.as_ref().map(AbortController::signal)
    }

    pub fn now(&self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Asks for a passkey: in a dialog, or in the autofill.
///
/// # Errors
/// [`NoPasskey`].
pub async fn get(options: &str, in_autofill: bool, withdraw: Option<&Withdraw>) -> Result<String, NoPasskey> {
    let mediation = in_autofill.then_some("conditional");
    credential("get", "parseRequestOptionsFromJSON", options, mediation, withdraw).await
}

/// Makes a passkey: in a dialog, or quietly. A browser can take long to decide that it makes none quietly, and takes no other
/// question meanwhile: then `withdraw` ends it.
///
/// # Errors
/// [`NoPasskey`].
pub async fn create(options: &str, quietly: Option<&Withdraw>) -> Result<String, NoPasskey> {
    let mediation = quietly.map(|_| "conditional");
    credential("create", "parseCreationOptionsFromJSON", options, mediation, quietly).await
}

/// Tells the password manager something, if the browser can. `signal`: its name in WebAuthn; `about`: JSON.
pub async fn signal(signal: &str, about: &str) {
    if let (Some(class), Ok(about)) = (class(), JSON::parse(about)) {
        // It fails for a domain that is not ours; nobody waits for it.
        let _ = promised(call(&class, signal, Some(&about))).await;
    }
}

/// Tells the password manager that the server does not know the passkey of this answer to this question. Not on `localhost`,
/// where other programs of the same machine have theirs.
pub async fn forget_unknown(options: &str, answer: &str) {
    let text = |json: &str, name: &str| get_of(&JSON::parse(json).ok()?, name)?.as_string();
    if let (Some(rp_id), Some(id)) = (text(options, "rpId"), text(answer, "id"))
        && rp_id != "localhost"
    {
        let about = ["{\"rpId\":\"", &rp_id, "\",\"credentialId\":\"", &id, "\"}"].concat();
        signal("signalUnknownCredential", &about).await;
    }
}

async fn credential(
    how: &str,
    parse: &str,
    options: &str,
    mediation: Option<&str>,
    withdraw: Option<&Withdraw>,
) -> Result<String, NoPasskey> {
    let asked = || {
        let options = call(&class()?, parse, Some(&JSON::parse(options).ok()?))?.ok()?;
        let request = Object::new();
        let set = |name: &str, value: &JsValue| Reflect::set(&request, &name.into(), value).ok();
        set("publicKey", &options)?;
        if let Some(mediation) = mediation {
            set("mediation", &mediation.into())?;
        }
        if let Some(signal) = withdraw.and_then(Withdraw::signal) {
            set("signal", &signal)?;
        }
        call(&get_of(&window().navigator(), "credentials")?, how, Some(&request))
    };
    let promise: Promise = asked().ok_or(NoPasskey::Failed)?.map_err(|error| why(&error))?.unchecked_into();
    let credential = promise.await.map_err(|error| why(&error))?;
    let json = call(&credential, "toJSON", None).and_then(Result::ok);
    let json = json.and_then(|json| JSON::stringify(&json).ok()).ok_or(NoPasskey::Failed)?;
    Ok(json.into())
}

fn why(error: &JsValue) -> NoPasskey {
    match get_of(error, "name").and_then(|name| name.as_string()).as_deref() {
        Some("NotAllowedError" | "AbortError") => NoPasskey::Cancelled,
        Some("InvalidStateError") => NoPasskey::Exists,
        _ => NoPasskey::Failed,
    }
}

async fn truth(question: &str) -> bool {
    let Some(class) = class() else { return false };
    promised(call(&class, question, None)).await.is_some_and(|answer| answer.is_truthy())
}

async fn promised(called: Option<Result<JsValue, JsValue>>) -> Option<JsValue> {
    called?.ok()?.unchecked_into::<Promise>().await.ok()
}

fn class() -> Option<JsValue> {
    get_of(&window(), "PublicKeyCredential")
}

/// Calls a method, if the object has it.
fn call(on: &JsValue, name: &str, argument: Option<&JsValue>) -> Option<Result<JsValue, JsValue>> {
    let method = method(on, name)?;
    Some(argument.map_or_else(|| method.call0(on), |argument| method.call1(on, argument)))
}

fn method(on: &JsValue, name: &str) -> Option<Function> {
    get_of(on, name)?.dyn_into().ok()
}

fn get_of(on: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(on, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}
