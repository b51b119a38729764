//! What flows return, as bodies of the contract.

use secrecy::SecretString;

use crate::api_types::{GreetingAnswer, PasswordInput, SignedInAnswer, TokenType};
use crate::server::flows::{Greeting, SignedIn};

impl From<SignedIn> for SignedInAnswer {
    fn from(SignedIn { access_token, expires_in }: SignedIn) -> Self {
        Self { access_token, token_type: TokenType::Bearer, expires_in }
    }
}

impl From<Greeting> for GreetingAnswer {
    fn from(greeting: Greeting) -> Self {
        let Greeting { message, username, roles, issued_at, lifetime, expires_in } = greeting;
        Self { message, username, roles, issued_at: issued_at.0, lifetime, expires_in }
    }
}

impl From<PasswordInput> for SecretString {
    fn from(PasswordInput(typed): PasswordInput) -> Self {
        typed.into()
    }
}
