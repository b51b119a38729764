#!/usr/bin/env bash
# Caddy 2.6.2 (Debian 12): `forward_auth` with `copy_headers` gives the application the text of a placeholder, if the
# authentication server does not send that header.
#
# Behaviour: the documentation says that `copy_headers` copies headers of the response to the request. A header that the
# response does not have should not be in the request. Caddy sets it to the name of its own placeholder, which was not
# replaced. Newer versions leave the header of the client alone (pull request 6608), or remove it (7545).
#
# Output seen:
#   Remote-User: ada
#   Remote-Groups: {http.reverse_proxy.header.Remote-Groups}
#
# Who meets it: an application behind Caddy that takes any text in such a header for a fact, for example as the name of a
# group. Handstamp always sends `Remote-Groups`, if need be empty; deploy/forward-auth/Caddyfile removes the text all the same.
set -euo pipefail
self=$(realpath "$0")
folder=$(mktemp -d)
processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

# The authentication server, and an application that says what it got.
cat >servers.py <<'PYTHON'
import http.server
import threading


class Authentication(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Remote-User", "ada")
        self.end_headers()

    def log_message(self, *_):
        pass


class Application(Authentication):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        said = [f"{name}: {value}\n" for name, value in self.headers.items() if name.startswith("Remote-")]
        self.wfile.write("".join(sorted(said, reverse=True)).encode())


servers = [http.server.HTTPServer(("127.0.0.1", 0), kind) for kind in (Authentication, Application)]
print(*(server.server_port for server in servers), flush=True)
threading.Thread(target=servers[0].serve_forever, daemon=True).start()
servers[1].serve_forever()
PYTHON
mkfifo ports
python3 servers.py >ports &
processes+=($!)
read -r authentication application <ports

cat >Caddyfile <<CADDY
{
	admin off
}
http:// {
	bind unix//$folder/socket
	forward_auth 127.0.0.1:$authentication {
		uri /
		copy_headers Remote-User Remote-Groups
	}
	reverse_proxy 127.0.0.1:$application
}
CADDY
HOME=$folder caddy run --config Caddyfile --adapter caddyfile 2>log &
processes+=($!)
for _ in $(seq 100); do [ -S socket ] && break; sleep 0.1; done
seen=$(curl -sS --unix-socket "$folder/socket" http://app.example.org/)
echo "$seen"
diff <(sed -n 's/^#   //p' "$self") <(echo "$seen") || { echo "The behaviour has changed." >&2; exit 1; }
