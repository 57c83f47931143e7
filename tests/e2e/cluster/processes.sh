# Background programs. Each has a name, its process id and the moment of its start in $work/pid/NAME, and what it says in $work/log/NAME.
# The moment tells it from a later process with the same id, of which there are only 32768 by default.

process_start() { # process_start NAME PROGRAM ARGUMENT...
    local name=$1
    shift
    mkdir -p "$work/pid" "$work/log"
    "$@" >>"$work/log/$name" 2>&1 &
    echo "$! $(process_start_time $!)" >"$work/pid/$name"
}

process_id() { # process_id NAME
    local id started
    read -r id started <"$work/pid/$1" && echo "$id"
}

process_start_time() { # process_start_time ID: in ticks since the machine's start; nothing when there is no such process
    local fields
    read -r fields <"/proc/$1/stat" && set -- ${fields##*) } && echo "${20}"
} 2>/dev/null

process_alive() { # process_alive NAME
    local id started
    [[ -f $work/pid/$1 ]] && read -r id started <"$work/pid/$1" && [[ $started && $(process_start_time "$id") == "$started" ]]
}

process_signal() { # process_signal NAME SIGNAL
    process_alive "$1" && kill "-$2" "$(process_id "$1")" 2>/dev/null
}

process_gone() { ! process_alive "$1"; }

# A second signal ends the API server at once, which otherwise waits for what never comes.
process_stop() { # process_stop NAME [SECONDS OF GRACE]
    process_alive "$1" || return 0
    process_signal "$1" TERM
    if ! wait_for "${2:-3}" process_gone "$1"; then
        process_signal "$1" TERM
        wait_for 5 process_gone "$1" || process_signal "$1" KILL
    fi
    rm -f "$work/pid/$1"
}

process_stop_all() {
    local file
    for file in "$work"/pid/*; do
        [[ -f $file ]] && process_stop "${file##*/}" 1
    done
    return 0
}

# Asks again and again, for so many seconds, whether COMMAND succeeds.
wait_for() { # wait_for SECONDS COMMAND...
    local end=$((SECONDS + $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}

# A port without a listener that this run has not used before, nor the other parts: without a network of its own, their stopped processes
# want theirs back.
port_free() {
    local port
    mkdir -p "$work/port"
    while port=$((20000 + RANDOM % (12000 / parts) * parts + part - 1)); do
        mkdir "$work/port/$port" 2>/dev/null || continue
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}
