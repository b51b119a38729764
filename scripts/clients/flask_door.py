"""A service in Flask that verifies with Flask-JWT-Extended, and follows the blocklist."""

import os
from urllib.request import urlopen

import jwt as pyjwt
from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt, jwt_required
from handstamp_follower import Follower
from handstamp_follower.flask_jwt import revoked_by

issuer = os.environ["ISSUER"]
follower = Follower(issuer, "billing", os.environ["SECRET"])
app = Flask(__name__)
app.config.update(JWT_ALGORITHM="ES256", JWT_DECODE_AUDIENCE="handstamp", JWT_DECODE_ISSUER=issuer)
jwt = JWTManager(app)
jwt.token_in_blocklist_loader(revoked_by(follower))
keys = pyjwt.PyJWKClient(f"{issuer}/.well-known/jwks.json")

@jwt.decode_key_loader
def key(header, _claims):
    return keys.get_signing_key(header["kid"]).key

@app.get("/hello")
@jwt_required()
def hello():
    return {"message": f"Hello, {get_jwt()['username']}!"}

app.run(host="127.0.0.1", port=0)
