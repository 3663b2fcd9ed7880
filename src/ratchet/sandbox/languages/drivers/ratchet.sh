# Calls of a Bash function across two pipes, as ratchet.sandbox.lines describes them. A question's arguments
# are texts, or what can be written as one; an answer is what was printed, or a list of that and the exit
# status where the status is not 0.

# Moves the pipes to descriptors that scripts do not use by themselves.
ratchet_open() {
    exec {ratchet_in}<&3 3<&- {ratchet_out}>&4 4>&-
}

# Reads a value that is no list into ratchet_got; fails at the end of the pipe and on any other value. $1 is
# its first line, if that was read already.
ratchet_value() {
    local LC_ALL=C IFS= head=${1-} end size
    ratchet_got=
    [[ -n $head ]] || builtin read -r -u "$ratchet_in" head || return 1
    case $head in
        [id]*) ratchet_got=${head:1} && return 0 ;;
        T) ratchet_got=true && return 0 ;;
        F) ratchet_got=false && return 0 ;;
    esac
    [[ $head =~ ^s([0-9]{1,9})$ ]] || return 1
    size=$((10#${BASH_REMATCH[1]}))
    if ((size > 0)); then
        builtin read -r -N "$size" -u "$ratchet_in" ratchet_got || return 1
    fi
    builtin read -r -u "$ratchet_in" end && [[ -z $end ]]
}

# Reads the head of a frame and of the list in it; sets ratchet_count to the list's length.
ratchet_list() {
    local LC_ALL=C IFS= size head
    builtin read -r -u "$ratchet_in" size || return 1
    builtin read -r -u "$ratchet_in" head || return 1
    [[ $head =~ ^l([0-9]{1,9})$ ]] || return 1
    ratchet_count=$((10#${BASH_REMATCH[1]}))
}

# Puts the lines of a text behind ratchet_payload.
ratchet_add() {
    local LC_ALL=C
    ratchet_payload+=s${#1}$'\n'$1$'\n'
}

ratchet_send() {
    local LC_ALL=C
    builtin printf '%d\n%s' "${#ratchet_payload}" "$ratchet_payload" >&"$ratchet_out"
}

# Answers calls of the function $1 until the pipe ends.
ratchet_serve() {
    local ratchet_name=$1 ratchet_options=$- ratchet_status ratchet_words ratchet_text ratchet_payload
    set +eu
    while ratchet_list; do
        ratchet_words=()
        while ((ratchet_count-- > 0)); do
            ratchet_value || exit 1
            ratchet_words+=("$ratchet_got")
        done
        # The subshell is what $(...) in a test would be: what it changes is forgotten, and an exit ends only
        # it. Its status is put behind the text, for the line feeds before it would be lost otherwise.
        ratchet_text=$(
            (
                exec {ratchet_in}<&- {ratchet_out}>&-
                [[ $ratchet_options != *u* ]] || set -u
                "$ratchet_name" "${ratchet_words[@]:1}"
            )
            builtin printf '\n%d' "$?"
        )
        ratchet_status=${ratchet_text##*$'\n'}
        ratchet_text=${ratchet_text%$'\n'*}
        ratchet_clean
        ratchet_payload=l1$'\n'
        ((ratchet_status == 0)) || ratchet_payload+=l2$'\n'
        ratchet_add "$ratchet_text"
        ((ratchet_status == 0)) || ratchet_payload+=i$ratchet_status$'\n'
        ratchet_send || exit 1
    done
    exit 0
}

# Leaves out of ratchet_text the bytes that are no UTF-8: an answer cannot carry them.
ratchet_clean() {
    local LC_ALL=C
    if [[ $ratchet_text == *[$'\x80'-$'\xff']* ]]; then
        ratchet_text=$(builtin printf '%s.' "$ratchet_text" | iconv -c -f UTF-8 -t UTF-8)
        ratchet_text=${ratchet_text%.}
    fi
}

# A test mostly asks in $(...): that subshell cannot end the test, and its silence may be what the test
# expects. So a file says whether each question was answered, and the test's shell looks there before it ends.
ratchet_examine() {
    ratchet_state=$PWD/.ratchet
    builtin echo answered >"$ratchet_state"
    trap 'ratchet_end "$?"' EXIT
    trap 'exit 1' TERM
}

ratchet_end() {
    local state
    builtin read -r state <"$ratchet_state"
    [[ $state == answered ]] || exit 1
    exit "$1"
}

ratchet_fail() {
    builtin printf 'ratchet: %s\n' "$1" >&2
    builtin echo broken >"$ratchet_state"
    builtin kill -TERM "$$"
    exit 1
}

# Asks for the function $1 with the arguments behind it: prints what it printed, and ends with its status.
ratchet_ask() {
    local state word ratchet_payload ratchet_got ratchet_count text status=0
    builtin read -r state <"$ratchet_state"
    [[ $state == answered ]] || ratchet_fail "a call was not answered"
    builtin echo asked >"$ratchet_state"
    ratchet_payload=l$#$'\n'
    for word; do
        ratchet_add "$word"
    done
    ratchet_send || ratchet_fail "the program has ended"
    ratchet_list || ratchet_fail "the program has ended"
    ((ratchet_count == 1)) || ratchet_fail "the call raised an error"
    # What follows is a text, or a list of a text and a status.
    ratchet_answer || ratchet_fail "the answer is no text"
    builtin echo answered >"$ratchet_state"
    builtin printf '%s' "$text"
    return "$status"
}

# Reads the answer's one value into text and status of ratchet_ask.
ratchet_answer() {
    local IFS= head
    builtin read -r -u "$ratchet_in" head || return 1
    if [[ $head != l2 ]]; then
        [[ $head == s* ]] && ratchet_value "$head" || return 1
        text=$ratchet_got
        return 0
    fi
    ratchet_value || return 1
    text=$ratchet_got
    ratchet_value && [[ $ratchet_got =~ ^[0-9]{1,3}$ ]] || return 1
    status=$((10#$ratchet_got))
}
