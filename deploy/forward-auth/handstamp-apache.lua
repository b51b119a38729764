-- Handstamp's gate for Apache: asks who sends a request, before the application gets it (deploy/forward-auth/apache.conf).
local socket = require "socket"

-- Where Handstamp listens.
local HOST, PORT = "127.0.0.1", 3000
local SET = { "Remote-User", "Remote-Groups", "Remote-Subject" }

-- Asks, and returns the status and the headers of the answer; nothing if there is none.
local function answer_of(lines)
    local server = socket.tcp()
    server:settimeout(2)
    if not server:connect(HOST, PORT) then
        return nil
    end
    server:send("GET /forward-auth HTTP/1.1\r\n" .. table.concat(lines, "\r\n") .. "\r\nConnection: close\r\n\r\n")
    local first = server:receive("*l")
    local status, headers = tonumber(first and first:match("^HTTP/1%.1 (%d%d%d)")), {}
    local line = server:receive("*l")
    while line and line ~= "" do
        local name, value = line:match("^([^:]+): *(.-) *$")
        if name then
            headers[name:lower()] = value
        end
        line = server:receive("*l")
    end
    server:close()
    -- Without the empty line at its end the answer is not complete.
    return line == "" and status or nil, headers
end

function ask(r)
    local forged = {}
    for name in pairs(r:headers_in_table()) do
        if name:lower():match("^remote") then
            table.insert(forged, name)
        end
    end
    for _, name in ipairs(forged) do
        r.headers_in[name] = nil
    end

    local scheme = r.is_https and "https" or "http"
    local lines = {
        "Host: " .. r.hostname,
        "X-Original-URL: " .. scheme .. "://" .. (r.headers_in["Host"] or "") .. r.unparsed_uri,
        "X-Original-Method: " .. r.method,
        "X-Forwarded-For: " .. r.useragent_ip,
    }
    -- Apache joins several lines of a header into one.
    for _, name in ipairs({ "Accept", "Authorization", "Cookie" }) do
        if r.headers_in[name] then
            table.insert(lines, name .. ": " .. r.headers_in[name])
        end
    end

    local status, headers = answer_of(lines)
    if status == 200 then
        for _, name in ipairs(SET) do
            r.headers_in[name] = headers[name:lower()] or ""
        end
        return apache2.OK
    end
    for _, name in ipairs({ "Location", "WWW-Authenticate", "Retry-After" }) do
        r.err_headers_out[name] = headers and headers[name:lower()]
    end
    r.err_headers_out["Cache-Control"] = "no-store"
    return status and status >= 300 and status or 503
end
