# Background programs. Each has a name, its process id in $work/pid/NAME and what it says in $work/log/NAME.

process_start() { # process_start NAME PROGRAM ARGUMENT...
    local name=$1
    shift
    mkdir -p "$work/pid" "$work/log"
    "$@" >>"$work/log/$name" 2>&1 &
    echo $! >"$work/pid/$name"
}

process_alive() { # process_alive NAME
    [[ -f $work/pid/$1 ]] && kill -0 "$(<"$work/pid/$1")" 2>/dev/null
}

process_signal() { # process_signal NAME SIGNAL
    kill "-$2" "$(<"$work/pid/$1")" 2>/dev/null
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

# A port without a listener that this run has not used before.
port_free() {
    local port
    mkdir -p "$work/port"
    while port=$((20000 + RANDOM % 12000)); do
        mkdir "$work/port/$port" 2>/dev/null || continue
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}
