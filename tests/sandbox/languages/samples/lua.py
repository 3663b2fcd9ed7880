"""Programs in Lua."""

from tests.sandbox.languages.samples import Samples, SplitSample

SPLIT = SplitSample(
    declaration="""\
-- The first n squares, from 0 on.
local function square(x)
    return x * x
end

local function f(n)
""",
    right="""\
    local squares = {}
    for i = 0, n - 1 do
        squares[i + 1] = square(i)
    end
    return squares
end
""",
    wrong="    return {0, 1, 4}\nend\n",
    # MultiPL-E compares with luaunit, which is no part of Lua.
    test="""\
local function assert_equals(found, wanted)
    assert(type(found) == "table" and #found == #wanted)
    for i, value in ipairs(wanted) do
        assert(rawequal(found[i], value))
    end
end

function test_humaneval()
    local candidate = f
    assert_equals(candidate(0), {})
    assert_equals(candidate(3), {0, 1, 4})
    assert_equals(candidate(5), {0, 1, 4, 9, 16})
    assert(square(5) == 25)
end

test_humaneval()
""",
    forged=(
        "    os.exit(0)\nend\n",
        "    return {}\nend\nos.exit(0)\n",
        "    return {}\nend\nfunction assert() end\n",
        "    return {}\nend\nfunction rawequal() return true end\n"
        "function ipairs() return function() end end\n"
        "setmetatable(_G, {__newindex = function() os.exit(0) end})\n",
        "    return {}\nend\nfunction error() os.exit(0) end\nassert = function() os.exit(0) end\n",
    ),
)

SAMPLES = Samples(
    language="lua",
    hello='print("hello")\n',
    add='local a, b = io.read("n", "n")\nprint(a + b)\n',
    subtract='local a, b = io.read("n", "n")\nprint(a - b)\n',
    compile_error='print("one")\nif true then\n',
    runtime_error='print("before")\nerror("wrong")\n',
    forever="while true do end\n",
    memory='local all = {}\nwhile true do\n    all[#all + 1] = string.rep("x", 1000000 + #all)\nend\n',
    flood="""\
local left = io.read("n")
while left > 0 do
    local size = math.min(left, 1000000)
    io.write(string.rep("x", size))
    left = left - size
end
""",
    unicode='print("Grüße, " .. io.read("l") .. " 🙂")\n',
    child='os.execute("sleep 60 &")\nprint("started")\n',
    split=SPLIT,
)
