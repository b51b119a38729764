"""Asks Authlib's validator of RFC 9068 about each token on standard input: authlib_rfc9068.py ISSUER JWKS-ADDRESS AUDIENCE."""
import json
import sys
from urllib.request import urlopen

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet


class Validator(JWTBearerTokenValidator):
    jwks = None

    def get_jwks(self):
        if self.jwks is None:
            with urlopen(sys.argv[2]) as answer:
                self.jwks = KeySet.import_key_set(json.load(answer))
        return self.jwks


validator = Validator(sys.argv[1], sys.argv[3])
for line in sys.stdin:
    try:
        claims = validator.authenticate_token(line.strip())
        validator.validate_token(claims, scopes=None, request=None)
        print("accepted", claims["username"], flush=True)
    except OAuth2Error as error:
        # One line, also where the message quotes a header that was tampered with.
        print(f"refused {error.error}: {str(error.__cause__)!a}", flush=True)
