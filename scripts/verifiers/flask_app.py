"""Another service, in Flask: it has the key that Handstamp signs with, and a list of ended sessions."""
import os

from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt, jwt_required

app = Flask(__name__)
app.config.update(
    JWT_ALGORITHM=os.environ["JWT_ALGORITHM"],
    JWT_SECRET_KEY=os.environ["JWT_KEY"],
    JWT_PUBLIC_KEY=os.environ["JWT_KEY"],
    JWT_DECODE_AUDIENCE="handstamp",
    JWT_DECODE_ISSUER=os.environ["JWT_ISSUER"],
)
jwt = JWTManager(app)
with open(os.environ["ENDED_SESSIONS"]) as lines:
    ended = set(lines.read().split())

@jwt.token_in_blocklist_loader
def has_ended(_header, claims):
    return claims["sid"] in ended

@app.get("/protected")
@jwt_required()
def protected():
    return {"message": f"Hello, {get_jwt()['username']}! This is a protected route."}

@app.get("/fresh")
@jwt_required(fresh=True)
def fresh():
    return {"message": f"Hello again, {get_jwt()['username']}!"}

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0)
