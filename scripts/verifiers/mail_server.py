"""A real mail server for `make interop`: aiosmtpd with TLS and a password. It prints a line of JSON for each thing that happens.

Arguments: how it speaks (`starttls`, `tls` or `plain`), and the folder for its certificate, `ca.pem`.

By the part before the `@`, it answers badly: `never` 550, `busy` 451 the first time, `hangup` ends the connection the first time.
"""

import asyncio
import email
import email.policy
import ipaddress
import json
import ssl
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = b"handstamp", b"a password with: @special/ characters"


def say(what, **more):
    print(json.dumps({"what": what, **more}), flush=True)


class Handler:
    def __init__(self):
        self.refused = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        first = address not in self.refused
        self.refused.add(address)
        say("rcpt", to=address, tls=session.ssl is not None or MODE == "tls")
        if name == "never":
            return "550 5.1.1 no such mailbox"
        if name == "busy" and first:
            return "451 4.3.0 try again later"
        if name == "hangup" and first:
            server.transport.close()
            return "421 4.4.2 closing"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = mail.get_body(("plain",)).get_content()
        html = mail.get_body(("html",)).get_content()
        headers = {name: str(value) for name, value in mail.items()}
        say("mail", to=envelope.rcpt_tos, mail_from=envelope.mail_from, headers=headers, text=text, html=html)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    login, password = getattr(data, "login", b""), getattr(data, "password", b"")
    right = (login, password) == (USER, PASSWORD)
    say("auth", right=right)
    return AuthResult(success=right, handled=False)


def certificate(folder):
    """Makes a certificate for 127.0.0.1 that signs itself. Returns the context of the server."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "specs")])
    now = datetime.now(timezone.utc)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(addresses, critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "ca.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context


async def serve(context):
    handler = Handler()

    def protocol():
        starttls = {"tls_context": context, "require_starttls": True} if MODE == "starttls" else {}
        return SMTP(
            handler,
            authenticator=authenticate,
            auth_required=MODE != "plain",
            auth_require_tls=MODE == "starttls",
            hostname="specs",
            **starttls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if MODE == "tls" else None)
    say("listens", port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


MODE = sys.argv[1]
asyncio.run(serve(certificate(Path(sys.argv[2]))))
