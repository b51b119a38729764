-- What wrk sends: `wrk -s load.lua URL -- METHOD BODY [TOKENS FIRST COUNT]`. Without a file of tokens, every request is the
-- same. With one, each request has the token of the next line, from line FIRST on. Each is sent once: when COUNT are
-- used up, wrk stops, and the output has the line `used up`. The last line of the output is JSON.
function init(arguments)
  wrk.method = arguments[1]
  if arguments[2] ~= "" then wrk.body = arguments[2] end
  if not arguments[3] then return end

  wrk.headers["Authorization"] = "Bearer TOKEN"
  local before, after = wrk.format():match("^(.*)TOKEN(.*)$")
  local lines, left = io.lines(arguments[3]), tonumber(arguments[5])
  for _ = 1, tonumber(arguments[4]) do lines() end
  local last
  request = function()
    if left > 0 then
      last = before .. lines() .. after
    elseif left == 0 then
      wrk.thread:stop()
      io.write("used up\n")
      io.flush()
    end
    left = left - 1
    return last
  end
end

function done(summary, latency)
  local errors, failed = summary.errors, {}
  for kind, count in pairs(errors) do
    if count > 0 then failed[#failed + 1] = count .. " " .. kind end
  end
  local form = '{"answers":%d,"failed":"%s","microseconds":%d,"p50":%d,"p99":%d}\n'
  local p50, p99 = latency:percentile(50), latency:percentile(99)
  io.write(form:format(summary.requests, table.concat(failed, ", "), summary.duration, p50, p99))
end
