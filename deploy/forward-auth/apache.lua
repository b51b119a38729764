-- Asks Handstamp before each request who sends it; apache.conf calls this. The thread that has the request waits.
local http = require "socket.http"
local DOOR = "http://127.0.0.1:3000/forward-auth"
local HOST = "id.example.org"
http.TIMEOUT = 5

-- The cookies of the browser without the gate cookie.
local function without_gate_cookie(header)
    local kept = {}
    for cookie in header:gmatch("[^;]+") do
        if not cookie:find("^ *handstamp_gate=") then kept[#kept + 1] = cookie end
    end
    return kept[1] and table.concat(kept, ";"):gsub("^ +", "") or nil
end

function handstamp_gate(r)
    -- What only Handstamp and this proxy may say, in any spelling: many applications take `Remote_User` for `Remote-User`.
    for name in pairs(r:headers_in_table()) do
        local lower = name:lower()
        if lower:find("^remote[^a-z0-9]") or lower:find("^x%-forwarded%-") then
            r.headers_in[name] = nil
        end
    end
    -- A client could name `Remote-User` in `Connection`, and Apache would remove it behind this gate.
    r.headers_in["Connection"] = r.headers_in["Upgrade"] and "Upgrade" or nil

    local proto = r.is_https and "https" or "http"
    local _, status, said = http.request {
        url = DOOR,
        redirect = false,
        headers = {
            ["host"] = HOST,
            ["cookie"] = r.headers_in["Cookie"],
            ["authorization"] = r.headers_in["Authorization"],
            ["accept"] = r.headers_in["Accept"],
            ["x-forwarded-for"] = r.useragent_ip,
            ["x-forwarded-proto"] = proto,
            ["x-forwarded-host"] = r.headers_in["Host"],
            ["x-forwarded-uri"] = r.unparsed_uri,
            ["x-forwarded-method"] = r.method,
        },
    }
    if status ~= 200 then
        -- A redirect to the sign-in page, 401 or 403. Everything else means that Handstamp does not know.
        if status ~= 302 and status ~= 401 and status ~= 403 then return 503 end
        r.err_headers_out["Location"] = said["location"]
        r.err_headers_out["WWW-Authenticate"] = said["www-authenticate"]
        r.err_headers_out["Cache-Control"] = said["cache-control"]
        return status
    end

    r.headers_in["Remote-User"] = said["remote-user"]
    r.headers_in["Remote-Groups"] = said["remote-groups"]
    r.headers_in["Remote-Subject"] = said["remote-subject"]
    r.headers_in["X-Forwarded-Proto"] = proto
    -- The application never gets the token of the client, nor the gate cookie: it could use them elsewhere.
    r.headers_in["Authorization"] = nil
    r.headers_in["Cookie"] = without_gate_cookie(r.headers_in["Cookie"] or "")
    return apache2.DECLINED
end
