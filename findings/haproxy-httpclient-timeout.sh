#!/usr/bin/env bash
# HAProxy 2.6.12 (Debian 12): the `timeout` of a request by `core.httpclient()` in Lua counts for each of four tries.
#
# Behaviour: the Lua documentation calls `timeout` "an optional timeout in milliseconds for the server". If the server does
# not answer in time, HAProxy sends the request again, three times, and the Lua function waits four times as long. The
# documentation of 2.6 does not mention the repetition, and 2.6 has no setting for it (`httpclient.retries` came later).
#
# Output seen:
#   timeout = 300: status 504 after 1.2 s, the server got 4 requests
#
# Who meets it: a Lua script that asks a service before each request, and should say soon that the service is away.
# deploy/forward-auth/haproxy.lua gives a quarter of the time that it means.
set -euo pipefail
self=$(realpath "$0")
folder=$(mktemp -d)
processes=()
trap 'kill "${processes[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"

# A server that reads requests, counts them, and answers none.
cat >silent.py <<'PYTHON'
import socket
import threading

server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)


def read(connection):
    try:
        while data := connection.recv(4096):
            with open("requests", "a") as file:
                file.write("one\n" * data.count(b"\r\n\r\n"))
    except ConnectionResetError:
        pass


while True:
    threading.Thread(target=read, args=server.accept()[:1], daemon=True).start()
PYTHON
mkfifo ports
python3 silent.py >ports &
processes+=($!)
read -r port <ports

cat >ask.lua <<LUA
core.register_action("ask", { "http-req" }, function(txn)
    local began = core.now()
    local answer = core.httpclient():get { url = "http://127.0.0.1:$port/", timeout = 300 }
    local ended = core.now()
    local seconds = ended.sec - began.sec + (ended.usec - began.usec) / 1000000
    local reply = txn:reply { status = 200 }
    reply:set_body(string.format("timeout = 300: status %d after %.1f s", answer.status, seconds))
    txn:done(reply)
end)
LUA
cat >haproxy.cfg <<HAPROXY
global
    lua-load $folder/ask.lua
defaults
    mode http
    timeout client 30s
    timeout connect 5s
    timeout server 30s
frontend here
    bind unix@$folder/socket
    http-request lua.ask
HAPROXY
haproxy -db -f haproxy.cfg 2>log &
processes+=($!)
for _ in $(seq 100); do [ -S socket ] && break; sleep 0.1; done
seen="$(curl -sS --unix-socket "$folder/socket" http://example.org/), the server got $(wc -l <requests) requests"
echo "$seen"
diff <(sed -n 's/^#   //p' "$self") <(echo "$seen") || { echo "The behaviour has changed." >&2; exit 1; }
