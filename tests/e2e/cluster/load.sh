# Constant load: a few clients that create Backups as dry runs, one after the other, until they are stopped.

load_start() { # load_start NAMESPACE [SERVER]
    local url i
    url=$(<"$work/${2:-apiserver}.url")/apis/br.pingcap.com/v1alpha1/namespaces/$1/backups
    rm -rf "$work/load"
    mkdir -p "$work/load"
    backup load >"$work/load/backup.yaml"
    for i in 1 2 3 4; do
        load_client "$url?dryRun=All" "$work/load/$i" &
    done
}

# Forty requests on a connection, then a new one.
load_client() { # load_client URL FILE
    until [[ -f $work/load/stop || ! -d $work/load ]]; do
        curl -sS --cacert "$work/certs/cluster-ca.crt" --cert "$work/certs/admin.crt" --key "$work/certs/admin.key" \
            -H 'Content-Type: application/yaml' -H 'Accept: application/json' --data-binary @"$work/load/backup.yaml" \
            -w '\n%{http_code}\n' "$1&again=[1-40]" 2>&1
    done | awk -v file="$2" '
        /^[0-9][0-9][0-9]$/ { print > file; fflush(file); if ($0 != 201) print body > (file ".refused"); body = ""; next }
        { body = body $0 }'
    : >"$2.done"
}

# So many more answers have come since it was called.
load_goes_on() { # load_goes_on [ANSWERS]
    local want
    want=$(($(load_answers) + ${1:-200}))
    wait_for 180 load_has "$want"
}

load_answers() { cat "$work"/load/[1-4] 2>/dev/null | wc -l; }
load_has() { (($(load_answers) >= $1)); }

load_refusals() { cat "$work"/load/[1-4] | grep -vc '^201$'; }

load_is_done() { [[ $(ls "$work"/load/*.done | wc -l) == 4 ]]; }

# Sets $answers and $refusals, and prints the first words of what was refused.
load_stop() {
    : >"$work/load/stop"
    wait_for 180 load_is_done
    answers=$(load_answers)
    refusals=$(load_refusals)
    cat "$work"/load/*.refused 2>/dev/null | cut -c 1-400 | sort | uniq -c | head -n 5
}
