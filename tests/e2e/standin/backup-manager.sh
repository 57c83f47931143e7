# A pod of a backup Job of TiDB Operator: what the backup-manager in it would do. It runs BR's command ($KUBELET_BR) with the pod's exact
# environment, and writes the status of the Backup as TiDB Operator v2's pods do. PD is $KUBELET_PD, $KUBELET_S3 an S3 server if there is one.
#   DIR/die.COMMAND the next pod of that command (snapshot, log-start, ..., clean, compact) dies after BR's work, without a report
# DIR/runs gets a line for each run: COMMAND NAME POD EXIT-CODE.
export STANDIN_STORAGE=$dir/storage
mkdir -p "$STANDIN_STORAGE"

job_says() { # job_says PHASE STATE-OF-ITS-CONTAINER
    pod_says "$1" false "[$(container_status "$(jq -c '.spec.containers[0]' <<<"$pod")" "$2" false 0)]"
}
job_runs() { job_says Running "{\"running\": {\"startedAt\": \"$(now)\"}}"; }
job_ends() { # job_ends CODE [MESSAGE]
    local phase=Failed
    (($1 == 0)) && phase=Succeeded
    job_says "$phase" "$(ended "$1" "${2:-}")"
}

with_environment() { # with_environment COMMAND...
    local environment
    mapfile -d '' -t environment < <(pod_environment "$(jq -c '.spec.containers[0]' <<<"$pod")")
    timeout -k 5 120 env "${environment[@]}" STANDIN_STORAGE="$STANDIN_STORAGE" "$@"
}

# ---- the Backup's status, as its pod writes it

backup() { echo "/apis/br.pingcap.com/v1alpha1/namespaces/$namespace/backups/$owner"; }

# Changes the status by a jq program, and retries when another client was faster.
status() { # status PROGRAM [JQ-ARGUMENT]...
    local program=$1 object
    shift
    for _ in 1 2 3 4 5 6 7 8; do
        object=$(api GET "$(backup)" | jq -c --arg now "$(now)" "$@" "
            def condition(\$type; \$reason; \$message): .conditions = ([.conditions[]? | select(.type != \$type)] + [{type: \$type, status: \"True\",
                reason: \$reason, message: \$message, lastTransitionTime: \$now}]) | .phase = \$type;
            def plain(\$type): condition(\$type; \$type; \"\");
            .status |= ((. // {}) | $program)") || return 1
        [[ $(api PUT "$(backup)/status" "$object" application/json | jq -r '.status.phase? // .code') != 409 ]] && return
        sleep 0.2
    done
    return 1
}
of_command() { echo ".logSubCommandStatuses[\$command] |= ((. // {}) | .command = \$command | $1)"; }

# ---- BR, as the backup-manager calls it

argument() { jq -r --arg flag "--$1=" '[.spec.containers[0].args[] | select(startswith($flag))][0] // "" | ltrimstr($flag)' <<<"$pod"; }
storage_flags() { # of the Backup: one a line
    api GET "$(backup)" | jq -r '.spec.s3 | "--storage=s3://\(.bucket)/\(.prefix // "" | ltrimstr("/") | rtrimstr("/"))",
        (if .region then "--s3.region=\(.region)" else empty end), (if .provider then "--s3.provider=\(.provider)" else empty end),
        (if .endpoint then "--s3.endpoint=\(.endpoint)" else empty end)'
}
spec_flags() { api GET "$(backup)" | jq -r '.spec.br.options[]?, (.spec.tableFilter[]? | "--filter=\(.)")'; }

br() { # br COMMAND-WORDS -- FLAG...: its last lines on standard output
    with_environment "$KUBELET_BR" "$@" >"$dir/logs/$name" 2>&1
}
last_words() { grep -v '^\[20' "$dir/logs/$name" | tail -n 3 | tr '\n' ' ' | cut -c 1-500; }
meta() { # meta FIELD: of the storage's backupmeta
    local flags
    mapfile -t flags < <(storage_flags)
    with_environment "$KUBELET_BR" debug decode "--field=$1" "${flags[@]}" 2>/dev/null | tail -n 1
}
path() { api GET "$(backup)" | jq -r '.spec.s3 | "s3://\(.bucket)/\(.prefix // "" | ltrimstr("/") | rtrimstr("/"))"'; }

dies() { # dies COMMAND: as the story asks, once
    rm "$dir/die.$1" 2>/dev/null
}

snapshot() {
    local flags started code
    mapfile -t flags < <(storage_flags; spec_flags)
    started=$(now)
    status 'if .phase == "Scheduled" and ([.conditions[]? | select(.type == "Restart")] == []) then . else plain("Restart") end' || return 1
    status '.backupPath = $path | plain("Prepare")' --arg path "$(path)"
    status 'plain("Running")'
    br backup full "--pd=$KUBELET_PD" "${flags[@]}"
    code=$?
    dies snapshot && return 137
    if ((code)); then
        status 'condition("Failed"; "BackupDataToRemoteFailed"; $words)' --arg words "$(last_words)"
    else
        status '.timeStarted = $started | .timeCompleted = $now | .timeTaken = "1s" | .commitTs = $ts | plain("Complete")' \
            --arg started "$started" --arg ts "$(meta end-version)"
    fi
    return $code
}

log_command() { # log_command log-X
    local command=$1 flags more=() code phase
    mapfile -t flags < <(storage_flags)
    case $command in
    log-start)
        [[ $(argument commit-ts) ]] && more+=("--start-ts=$(argument commit-ts)")
        mapfile -t -O ${#more[@]} more < <(spec_flags)
        ;;
    log-truncate) more+=("--until=$(argument truncate-until)" -y) ;;
    esac
    [[ $command == log-truncate ]] || more+=("--task-name=$owner" "--pd=$KUBELET_PD")
    status "$(of_command '.timeStarted = $now | plain("Prepare")') | if \$command == \"log-start\" then plain(\"Prepare\") else . end" \
        --arg command "$command" || return 1
    status "$(of_command 'plain("Running")') | if \$command == \"log-start\" then .backupPath = \$path | plain(\"Running\") else . end" \
        --arg command "$command" --arg path "$(path)"
    br log "${command#log-}" "${more[@]}" "${flags[@]}"
    code=$?
    dies "$command" && return 137
    if ((code)); then
        phase='if $command == "log-start" then condition("Failed"; "StartLogBackupFailed"; $words) else . end'
        status "$(of_command 'condition("Failed"; "LogBackupFailed"; $words)') | $phase" --arg command "$command" --arg words "$(last_words)"
        return $code
    fi
    case $command in
    log-start) phase='.commitTs = $value' ;;
    log-truncate) phase='.logSuccessTruncateUntil = $value' ;;
    log-stop) phase='plain("Stopped")' ;;
    log-pause) phase='plain("Paused")' ;;
    log-resume) phase='plain("Running")' ;;
    esac
    status "$(of_command '.timeCompleted = $now | plain("Complete")') | $phase" --arg command "$command" \
        --arg value "$(if [[ $command == log-start ]]; then meta start-version; else argument truncate-until; fi)"
}

clean() {
    [[ ${KUBELET_S3:-} ]] && s3_delete "$(path)"
    rm -rf "${STANDIN_STORAGE:?}/$(path | sed 's|^s3://||')"
    dies clean && return 137
    status '.conditions = ([.conditions[]? | select(.type != "Clean")] + [{type: "Clean", status: "True", reason: "Clean", message: "",
        lastTransitionTime: $now}]) | .phase = "Clean"'
}
s3_delete() { # s3_delete s3://BUCKET/PREFIX
    local bucket=${1#s3://} key
    local prefix=${bucket#*/}
    bucket=${bucket%%/*}
    curl -fsS "$KUBELET_S3/$bucket?list-type=2&prefix=$prefix/" | grep -o '<Key>[^<]*' | sed 's/<Key>//' |
        while IFS= read -r key; do curl -fsS -X DELETE "$KUBELET_S3/$bucket/$key"; done
}

# The pod needs no backup-manager: its script runs unchanged, with the tools where it expects them.
compact() {
    local script flags code root=$dir/compact.$name
    mkdir -p "$root"
    script=$(jq -r '.spec.containers[0] | (.command + (.args // []))[2]' <<<"$pod")
    mapfile -t flags < <(jq -r '.spec.containers[0] | (.command + (.args // []))[4:][]' <<<"$pod")
    script=${script//\/var\/lib\/br-bin\/br/\"$KUBELET_BR\"}
    script=${script//\/tikv-ctl/\"$here/tikv-ctl\"}
    script=${script//\/dev\/termination-log/\"$root/message\"}
    with_environment sh -c "$script" compact "${flags[@]}" >"$dir/logs/$name" 2>&1
    code=$?
    dies compact && return 137
    message=$(cat "$root/message" 2>/dev/null)
    return $code
}

run_backup_manager() { # of $pod
    local owner command code message=
    owner=$(argument backupName)
    case $(jq -r '.spec.containers[0].args[0] // ""' <<<"$pod") in
    backup) command=$(argument subcommand) ;;
    clean) command=clean ;;
    *) command=compact owner=$(jq -r '.metadata.labels["tidb.pingcap.com/compact"] // ""' <<<"$pod") ;;
    esac
    command=${command:-snapshot}
    job_runs
    case $command in
    snapshot | clean | compact) "$command" ;;
    *) log_command "$command" ;;
    esac
    code=$?
    job_ends "$code" "$message"
    echo "$command $owner $name $code" >>"$dir/runs"
}
