"""Another service, in Flask: it shares the secret that Handstamp signs with, and nothing else."""
import os

from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt, jwt_required

app = Flask(__name__)
app.config.update(JWT_SECRET_KEY=os.environ["JWT_SECRET"], JWT_DECODE_AUDIENCE="handstamp", JWT_DECODE_ISSUER=os.environ["JWT_ISSUER"])
JWTManager(app)

@app.get("/protected")
@jwt_required()
def protected():
    return {"message": f"Hello, {get_jwt()['username']}!"}

@app.get("/fresh")
@jwt_required(fresh=True)
def fresh():
    return {"message": f"Hello again, {get_jwt()['username']}!"}

app.run(host="127.0.0.1", port=0)
