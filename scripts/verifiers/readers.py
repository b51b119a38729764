"""Asks a library about each token on standard input: readers.py LIBRARY ISSUER AUDIENCE JWKS-ADDRESS ALGORITHM.

Each library is used as its documentation says, with the settings that docs/doors.md names.
"""
import json
import sys
from urllib.request import urlopen

library, issuer, audience, jwks, algorithm = sys.argv[1:]


def simplejwt():
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of no use here, but demanded",
        USE_TZ=True,
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
        SIMPLE_JWT={
            "ALGORITHM": algorithm,
            "JWK_URL": jwks,
            "AUDIENCE": audience,
            "ISSUER": issuer,
            "TOKEN_TYPE_CLAIM": "type",
            "USER_ID_CLAIM": "sub",
        },
    )
    django.setup()
    from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

    authentication = JWTStatelessUserAuthentication()
    return lambda token: authentication.get_validated_token(token.encode())["username"]


def python_jose():
    from jose import jwt

    keys = key_set()
    return lambda token: jwt.decode(token, keys, algorithms=[algorithm], audience=audience, issuer=issuer)["username"]


def joserfc():
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set(key_set())
    demanded = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": issuer}, aud={"essential": True, "value": audience}, exp={"essential": True}
    )

    def verify(token):
        claims = jwt.decode(token, keys, algorithms=[algorithm]).claims
        demanded.validate(claims)
        return claims["username"]

    return verify


def jwcrypto():
    from jwcrypto.jwk import JWKSet
    from jwcrypto.jwt import JWT

    keys = JWKSet.from_json(json.dumps(key_set()))

    def verify(token):
        read = JWT(algs=[algorithm], check_claims={"iss": issuer, "aud": audience, "exp": None})
        read.leeway = 0  # without it, a minute
        read.deserialize(token, keys)
        return json.loads(read.claims)["username"]

    return verify


def key_set():
    with urlopen(jwks) as answer:
        return json.load(answer)


verify = {"djangorestframework-simplejwt": simplejwt, "python-jose": python_jose, "joserfc": joserfc, "jwcrypto": jwcrypto}[library]()
for line in sys.stdin:
    try:
        print("accepted", verify(line.strip()), flush=True)
    except Exception as error:  # Each library has its own; the test reads what they say.
        print(f"refused {type(error).__name__}: {str(error)!a}", flush=True)
