-- Handstamp's gate for HAProxy: asks who sends a request, before the application gets it (deploy/forward-auth/haproxy.cfg).

-- Where Handstamp listens.
local ADDRESS = "http://127.0.0.1:3000"

-- What Handstamp needs of the request.
local passed_on = { "accept", "authorization", "cookie" }
local set = { "remote-user", "remote-groups", "remote-subject" }

-- The value of the only line of a header.
local function one(headers, name)
    local values = headers[name]
    return values and values[0]
end

local function answer(txn, status, headers, body)
    local reply = txn:reply({ status = status, body = body })
    reply:add_header("cache-control", "no-store")
    for name, value in pairs(headers) do
        reply:add_header(name, value)
    end
    txn:done(reply)
end

core.register_action("handstamp", { "http-req" }, function(txn)
    local request = txn.http:req_get_headers()
    local scheme = txn.f:ssl_fc() == 1 and "https" or "http"
    local asked = {
        ["x-original-url"] = { scheme .. "://" .. (one(request, "host") or "") .. txn.f:pathq() },
        ["x-original-method"] = { txn.f:method() },
        ["x-forwarded-for"] = { txn.f:src() },
    }
    for _, name in ipairs(passed_on) do
        local values = {}
        for at = 0, #(request[name] or {}) do
            table.insert(values, request[name] and request[name][at])
        end
        if #values > 0 then
            asked[name] = values
        end
    end

    local said = core.httpclient():get({ url = ADDRESS .. "/forward-auth", headers = asked, timeout = 2000 })
    if said and said.status == 200 then
        for _, name in ipairs(set) do
            txn.http:req_set_header(name, one(said.headers, name) or "")
        end
        txn:set_var("txn.handstamp", "let in")
        return
    end
    -- HAProxy's client says 503 if it reaches no server, and gives no status at all if the answer breaks off.
    local headers = {}
    for _, name in ipairs({ "content-type", "location", "retry-after", "www-authenticate" }) do
        headers[name] = said and said.headers and one(said.headers, name)
    end
    local status = said and said.status and said.status >= 300 and said.status or 503
    answer(txn, status, headers, said and said.body or "")
end)
