-- Asks Handstamp before each request who sends it; haproxy.cfg calls this. HAProxy's own HTTP client waits without blocking.
local DOOR = "http://127.0.0.1:3000/forward-auth"
local HOST = "id.example.org"
-- For each of four tries: HAProxy repeats what gets no answer.
local MILLISECONDS = 1250

local PASSED_ON = { "cookie", "authorization", "accept" }
local ANSWERED = { "location", "www-authenticate", "content-type", "cache-control" }

-- HAProxy counts the values of a header from 0, and its client takes them from 1.
local function all(values)
    local list = {}
    for index = 0, #values do list[index + 1] = values[index] end
    return list
end

-- The cookies of the browser without the gate cookie.
local function without_gate_cookie(header)
    local kept = {}
    for cookie in header:gmatch("[^;]+") do
        if not cookie:find("^ *handstamp_gate=") then kept[#kept + 1] = cookie end
    end
    return (table.concat(kept, ";"):gsub("^ +", ""))
end

core.register_action("handstamp_gate", { "http-req" }, function(txn)
    local received = txn.http:req_get_headers()
    local proto = txn.sf:ssl_fc() == "1" and "https" or "http"
    local host = received["host"] and received["host"][0] or ""
    local asked = {
        ["host"] = { HOST },
        ["x-forwarded-for"] = { txn.sf:src() },
        ["x-forwarded-proto"] = { proto },
        ["x-forwarded-host"] = { host },
        ["x-forwarded-uri"] = { txn.sf:pathq() },
        ["x-forwarded-method"] = { txn.sf:method() },
    }
    for _, name in ipairs(PASSED_ON) do
        if received[name] then asked[name] = all(received[name]) end
    end
    local answer = core.httpclient():get { url = DOOR, headers = asked, timeout = MILLISECONDS }
    local function said(name) return answer.headers and answer.headers[name] and answer.headers[name][0] end

    if answer.status ~= 200 then
        -- A redirect to the sign-in page, 401 or 403. Everything else means that Handstamp does not know.
        local known = answer.status == 302 or answer.status == 401 or answer.status == 403
        local reply = txn:reply { status = known and answer.status or 503 }
        if known then
            for _, name in ipairs(ANSWERED) do
                if said(name) then reply:add_header(name, said(name)) end
            end
            reply:set_body(answer.body or "")
        end
        txn:done(reply)
        return
    end

    for _, name in ipairs { "remote-user", "remote-groups", "remote-subject" } do
        if said(name) then txn.http:req_set_header(name, said(name)) end
    end
    -- The application never gets the token of the client, nor the gate cookie: it could use them elsewhere.
    txn.http:req_del_header("authorization")
    txn.http:req_del_header("cookie")
    for _, cookies in ipairs(all(received["cookie"] or {})) do
        local kept = without_gate_cookie(cookies)
        if kept ~= "" then txn.http:req_add_header("cookie", kept) end
    end
    txn.http:req_set_header("x-forwarded-for", txn.sf:src())
    txn.http:req_set_header("x-forwarded-proto", proto)
    txn.http:req_set_header("x-forwarded-host", host)
    txn:set_var("txn.handstamp_gate", "open")
end)
