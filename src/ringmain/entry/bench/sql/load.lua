-- The load: requests prepared in a file, each sent once. A line is the token, the idempotency key and the body,
-- separated by tabs; an empty key means that the body holds the keys. A second argument is how many milliseconds each
-- connection rests after an answer.
local ready, sent = {}, 0
ran_out = 0

function setup(thread)
   counted = thread
end

function init(args)
   local pause = tonumber(args[2] or "0")
   if pause > 0 then
      delay = function() return pause end
   end
   for line in io.lines(args[1]) do
      local token, key, body = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
      local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token }
      if key ~= "" then headers["Idempotency-Key"] = key end
      ready[#ready + 1] = wrk.format("POST", nil, headers, body)
   end
end

function request()
   sent = sent + 1
   local one = ready[sent]
   if one == nil then
      ran_out = 1
      wrk.thread:stop()
      return ready[1]
   end
   return one
end

function done(summary, latency, requests)
   local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
   io.write(string.format(
      'BENCH {"answers": %d, "refused": %d, "broken": %d, "ran_out": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f}\n',
      summary.requests, summary.errors.status, broken, counted:get("ran_out"), summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
