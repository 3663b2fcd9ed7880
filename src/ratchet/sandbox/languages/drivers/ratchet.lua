-- Calls of a Lua function across two pipes, as ratchet.sandbox.lines describes them. An examiner's questions
-- name the function behind "all ", and are answered with the list of all that it returns. Without that one
-- value is the answer itself, several are a list. A table is a list where its keys are 1, 2, 3 and so on,
-- else a map.

local ratchet = {}

local MAX_DEPTH = 200
local input, output

-- The libraries as they are before a candidate or a test can change them.
local concat, format, unpack = table.concat, string.format, table.unpack
local sub, find, match = string.sub, string.find, string.match
local type, tostring, tonumber, math_type = type, tostring, tonumber, math.type
local pairs, pcall, select, error = pairs, pcall, select, error
local open, load, exit, stderr, length, huge = io.open, load, os.exit, io.stderr, utf8.len, math.huge

local function connect()
    if not input then
        input, output = open("/dev/fd/3", "rb"), open("/dev/fd/4", "wb")
    end
end

local function receive()
    local head = input:read("l")
    if not head or not match(head, "^%d+$") or #head > 9 then
        return nil
    end
    local size = tonumber(head)
    local payload = size == 0 and "" or input:read(size)
    return payload and #payload == size and payload or nil
end

local function send(payload)
    return output:write(#payload, "\n", payload) and output:flush()
end

local function text(value)
    if not length(value) then
        error("a text is not UTF-8", 0)
    end
    return "s" .. #value .. "\n" .. value .. "\n"
end

local function number(value)
    if math_type(value) == "integer" then
        return "i" .. tostring(value) .. "\n"
    elseif value ~= value then
        return "dnan\n"
    elseif value == huge or value == -huge then
        return value > 0 and "dinf\n" or "d-inf\n"
    end
    return format("d%.17g\n", value)
end

local pack

-- The first `count` values of a table, nil among them.
local function list(values, count, depth)
    local parts = { "l" .. count .. "\n" }
    for i = 1, count do
        parts[i + 1] = pack(values[i], depth + 1)
    end
    return concat(parts)
end

local function map(values, depth)
    local parts, count = { "" }, 0
    for key, value in pairs(values) do
        if type(key) ~= "string" and type(key) ~= "number" then
            error("a key of type " .. type(key), 0)
        end
        count = count + 1
        parts[2 * count] = pack(key, depth + 1)
        parts[2 * count + 1] = pack(value, depth + 1)
    end
    parts[1] = "o" .. count .. "\n"
    return concat(parts)
end

local plain = {
    ["nil"] = function() return "n\n" end,
    boolean = function(value) return value and "T\n" or "F\n" end,
    number = number,
    string = text,
    table = function(value, depth)
        local count = 0
        for _ in pairs(value) do
            count = count + 1
        end
        if count == #value then
            return list(value, count, depth)
        end
        return map(value, depth)
    end,
}

function pack(value, depth)
    if depth > MAX_DEPTH then
        error("it is nested too deeply", 0)
    end
    local form = plain[type(value)]
    if not form then
        error("of type " .. type(value), 0)
    end
    return form(value, depth)
end

-- The value that begins at byte `at`, and where the next one does.
local function value_at(data, at, depth)
    local _, stop, kind, rest = find(data, "^([nTFidslo])([^\n]*)\n", at)
    if not stop or depth > MAX_DEPTH then
        error("the answer is not plain data", 0)
    end
    at = stop + 1
    if kind == "n" then
        return nil, at
    elseif kind == "T" or kind == "F" then
        return kind == "T", at
    elseif kind == "i" then
        return math_type(tonumber(rest)) and tonumber(rest) or error("the answer is not plain data", 0), at
    elseif kind == "d" then
        local special = ({ inf = huge, ["-inf"] = -huge, nan = 0 / 0 })[rest]
        local float = special or tonumber(rest) or error("the answer is not plain data", 0)
        return float + 0.0, at
    end
    local count = match(rest, "^%d+$") and tonumber(rest) or #data
    if count > #data - at + 1 then
        error("the answer is not plain data", 0)
    end
    if kind == "s" then
        return sub(data, at, at + count - 1), at + count + 1
    end
    local values = {}
    for i = 1, count do
        local key = i
        if kind == "o" then
            key, at = value_at(data, at, depth + 1)
            if key == nil or key ~= key then
                error("the answer is not plain data", 0)
            end
        end
        values[key], at = value_at(data, at, depth + 1)
    end
    return values, at, kind == "l" and count or nil
end

local function fail(why)
    stderr:write("ratchet: ", why, "\n")
    exit(1, false)
end

-- The function of that name in a file, which may be a local one, for the end of the file can see it.
local function loaded(path, name)
    local file = open(path, "rb")
    local source = file:read("a")
    file:close()
    source = sub(source, 1, 1) == "#" and "--" .. source or source
    local chunk = load(source .. "\nreturn " .. name, "@" .. path)
    if chunk then
        return chunk()
    end
    -- What ends with a return of its own cannot be followed by another.
    chunk = assert(load(source, "@" .. path))
    local made = chunk()
    return type(made) == "table" and made[name] or _G[name]
end

-- Answers calls of a function in a file until the pipe ends.
function ratchet.serve(path, name)
    connect()
    local code = loaded(path, name)
    while true do
        local payload = receive()
        if not payload then
            exit(0, false)
        end
        local _, stop = find(payload, "^l%d+\n")
        local count = tonumber(sub(payload, 2, stop - 1))
        local arguments, at = {}, stop + 1
        for i = 0, count - 1 do
            arguments[i], at = value_at(payload, at, 1)
        end
        local function answer(done, ...)
            if not done then
                return false, ...
            elseif select("#", ...) <= 1 and not find(arguments[0], "^all ") then
                return pcall(pack, (...), 1)
            end
            return pcall(list, { ... }, select("#", ...), 1)
        end
        local done, result = answer(pcall(code, unpack(arguments, 1, count - 1)))
        if done then
            result = "l1\n" .. result
        else
            local message = tostring(result)
            result = "l2\n" .. text("error") .. text(length(message) and message or "?")
        end
        if not send(result) then
            exit(1, false)
        end
    end
end

-- What the function of the other process answers; raises what it raised. Ends this process if there is no
-- answer.
function ratchet.ask(name, ...)
    connect()
    local done, question = pcall(list, { "all " .. name, ... }, select("#", ...) + 1, 0)
    if not done then
        fail("an argument cannot be sent: " .. tostring(question))
    end
    local payload = send(question) and receive()
    if not payload then
        fail("the program has ended")
    end
    local well, answer, _, size = pcall(value_at, payload, 1, 0)
    if well and size == 2 and type(answer[1]) == "string" and type(answer[2]) == "string" then
        error(answer[2], 0)
    end
    -- The list of returned values is read once more by itself: its length counts, and nil may be among them.
    local _, stop = find(payload, "^l1\n")
    if not well or size ~= 1 or sub(payload, stop + 1, stop + 1) ~= "l" then
        fail("the answer is none")
    end
    local values, _, count = value_at(payload, stop + 1, 1)
    return unpack(values, 1, count)
end

return ratchet
