#!/usr/bin/env bash
# Authlib 1.9.10 with joserfc 1.8.0 (PyPI): the validator of RFC 9068 rejects a token with `"roles": []`.
#
# Behaviour: `JWTBearerTokenValidator` accepts a token without the claim `roles`, and one with a role in it. It rejects the
# same token with an empty array, although nothing was asked of the roles. `groups` and `entitlements` behave in the same way.
# RFC 9068 (section 2.2.3.1) takes these claims from RFC 7643, whose section 2.5 calls an unassigned attribute and an empty
# array equivalent.
#
# Output seen:
#   no claim: accepted
#   roles ["member"]: accepted
#   roles []: rejected: invalid_claim: Invalid claim: 'roles'
#   groups []: rejected: invalid_claim: Invalid claim: 'groups'
#   entitlements []: rejected: invalid_claim: Invalid claim: 'entitlements'
#
# Who meets it: a service with this validator, for each user without a role, if the authorization server always sends the
# claim. Handstamp does: docs/verifying-elsewhere.md says so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check Authlib==1.9.10 joserfc==1.8.0
seen=$("$folder/venv/bin/python3" - <<'PYTHON'
import time

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

KEY = ECKey.generate_key("P-256", {"kid": "one", "alg": "ES256", "use": "sig"})
ISSUER = "https://id.example.org"


class Validator(JWTBearerTokenValidator):
    def get_jwks(self):
        return KeySet([KEY])


def ask(name, more):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "service", "sub": "ada", "client_id": "app", "iat": now, "exp": now + 300, "jti": "1"}
    token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "one"}, claims | more, KEY)
    validator = Validator(ISSUER, "service")
    try:
        validator.validate_token(validator.authenticate_token(token), scopes=None, request=None)
        print(f"{name}: accepted")
    except OAuth2Error as error:
        print(f"{name}: rejected: {error.__cause__}")


ask("no claim", {})
ask('roles ["member"]', {"roles": ["member"]})
for claim in ["roles", "groups", "entitlements"]:
    ask(f"{claim} []", {claim: []})
PYTHON
)
echo "$seen"
diff <(sed -n 's/^#   //p' "$0") <(echo "$seen") || { echo "The behaviour has changed." >&2; exit 1; }
