-- Presents the values of a file, a line each, one after the other, and ends with one line of JSON.
-- Arguments: the file, and "count" when the answers are to be told apart by status (which costs wrk much of its speed).
local requests = {}
local turn = 0
local threads = {}
seen = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  for value in io.lines(args[1]) do
    table.insert(requests, wrk.format('GET', nil, { Authorization = 'Bearer ' .. value }))
  end
  if args[2] == 'count' then
    response = function(status)
      local name = tostring(status)
      seen[name] = (seen[name] or 0) + 1
    end
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  local statuses = {}
  for status, count in pairs(threads[1]:get('seen')) do
    table.insert(statuses, string.format('"%s":%d', status, count))
  end
  io.write(string.format(
    '\n{"requests":%d,"seconds":%f,"refused":%d,"broken":%d,"p50Ms":%f,"p99Ms":%f,"statuses":{%s}}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, table.concat(statuses, ',')))
end
