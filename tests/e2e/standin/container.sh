# A pod that runs for real: in a network, mounts and a process tree of its own, as the user and with the command, environment,
# volumes, probes and restarts of its spec, from the file system of its image. What a kubelet has besides is left out: limits, seccomp
# profiles, hooks, DNS, and more than one container beside the init containers. Its seconds are shorter: KUBELET_SYNC (2) until a changed
# Secret or ConfigMap is in a volume (60 to 90), KUBELET_BACKOFF (1) before the first restart, doubled for each further one (10).
#
# What holds for one pod are variables of run_containers: $pod, $home (its folder), $address, $sandbox (a process that holds its network).
pod_subnet=10.97 # of the bridge `pods`; the node is 10.97.0.1
mkdir -p "$dir/addresses" "$dir/containerLogs"

sandbox_start() {
    local number=2 network
    until mkdir "$dir/addresses/$number" 2>/dev/null; do number=$((number + 1)); done
    address=$pod_subnet.$((number / 256)).$((number % 256))
    unshare --net sleep infinity &
    sandbox=$! network=/proc/$!/ns/net
    until [[ $(readlink "$network") != "$(readlink /proc/self/ns/net)" ]]; do sleep 0.02; done
    ip link add "pod$number" type veth peer name eth0 netns "$sandbox" && ip link set "pod$number" master pods up &&
        nsenter --net="$network" sh -c "ip link set lo up && ip addr add $address/16 dev eth0 && ip link set eth0 up &&
            ip route add default via $pod_subnet.0.1"
}

# ---- volumes

# The files of a volume as {NAME: BASE64}; false when an object is not there yet.
volume_files() { # volume_files VOLUME
    local core="/api/v1/namespaces/$namespace" files='{}' source more
    case $(jq -r 'keys_unsorted - ["name"] | .[0]' <<<"$1") in
    secret) object_files "$core/secrets/$(jq -r .secret.secretName <<<"$1")" "$(jq -c .secret <<<"$1")" ;;
    configMap) object_files "$core/configmaps/$(jq -r .configMap.name <<<"$1")" "$(jq -c .configMap <<<"$1")" ;;
    emptyDir) echo '{}' ;;
    projected)
        while IFS= read -r source; do
            case $(jq -r 'keys[0]' <<<"$source") in
            serviceAccountToken) more=$(token_file "$(jq -c .serviceAccountToken <<<"$source")") ;;
            downwardAPI) more=$(jq -c --argjson pod "$pod" '[.downwardAPI.items[] | select(.fieldRef.fieldPath == "metadata.namespace") |
                {(.path): ($pod.metadata.namespace | @base64)}] | add' <<<"$source") ;;
            *) more=$(volume_files "$source") ;;
            esac || return
            files=$(jq -c --argjson more "$more" '. + $more' <<<"$files")
        done < <(jq -c '.projected.sources[]' <<<"$1")
        echo "$files"
        ;;
    *) return 1 ;;
    esac
}
object_files() { # object_files PATH VOLUME-SOURCE
    api GET "$1" | jq -ce --argjson source "$2" '
        if .code == 404 and $source.optional then {} elif .code then empty else
            ((.data // {}) as $data | (if .kind == "Secret" then $data else ($data | map_values(@base64)) + (.binaryData // {}) end)) as $all |
            if $source.items then [$source.items[] | {(.path): $all[.key]}] | add else $all end end'
}
token_file() { # token_file PROJECTION: asked for once, since a story ends before it
    local request
    [[ -s $home/token ]] || {
        request=$(jq -nc --argjson pod "$pod" --argjson asked "$1" '{apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {
            expirationSeconds: $asked.expirationSeconds, boundObjectRef: {apiVersion: "v1", kind: "Pod", name: $pod.metadata.name, uid: $pod.metadata.uid}}}')
        api POST "/api/v1/namespaces/$namespace/serviceaccounts/$(jq -r .spec.serviceAccountName <<<"$pod")/token" "$request" application/json |
            jq -er .status.token >"$home/token" || { rm -f "$home/token" && return 1; }
    }
    jq -nc --argjson asked "$1" --rawfile token "$home/token" '{($asked.path): ($token | rtrimstr("\n") | @base64)}'
}

# Writes what has changed as a kubelet does: into a new folder, to which the link ..data changes over at once.
volumes_sync() {
    local volume files folder fresh file text group
    group=$(jq -r '.spec.securityContext.fsGroup // 0' <<<"$pod")
    while IFS= read -r volume; do
        files=$(volume_files "$volume") || return 1
        folder=$home/volumes/$(jq -r .name <<<"$volume")
        [[ -f $folder.json && $(<"$folder.json") == "$files" ]] && continue
        mkdir -p "$folder"
        fresh=$(mktemp -d "$folder/..XXXXXXXX")
        chmod 755 "$fresh"
        while read -r file text; do
            base64 -d <<<"$text" >"$fresh/$file" && chmod 644 "$fresh/$file" && chgrp "$group" "$fresh/$file"
        done < <(jq -r 'to_entries[] | "\(.key) \(.value)"' <<<"$files")
        ln -s "${fresh##*/}" "$folder/..data.new" && mv -T "$folder/..data.new" "$folder/..data"
        for file in $(ls "$fresh"); do ln -sfn "..data/$file" "$folder/$file"; done
        find "$folder" -maxdepth 1 -type l ! -exec test -e {} \; -delete
        echo "$files" >"$folder.json"
    done < <(jq -c '.spec.volumes[]?' <<<"$pod")
}

# ---- a container

# In its own mounts and process tree: ROOT READ-ONLY USER GROUP GROUPS FROM TO READ-ONLY ... -- COMMAND...
container_inside='set -e
root=$1 read_only=$2 user=$3:$4 groups=$5
shift 5
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
while [[ $1 != -- ]]; do
    mount --bind "$1" "$root$2"
    [[ $3 == false ]] || mount -o remount,bind,ro "$root$2"
    shift 3
done
shift
[[ $read_only == false ]] || mount -o remount,bind,ro "$root"
exec /usr/bin/setpriv --no-new-privs /usr/sbin/chroot --userspec="$user" --groups="$groups" "$root" "$@"'

container_start() { # container_start CONTAINER: sets $process, the parent of its process 1
    local image root log environment command identity mounts path
    image=$KUBELET_IMAGES/$(jq -r .image <<<"$1" | tr /: __)
    root=$home/root.$(jq -r .name <<<"$1")
    log=$dir/containerLogs/$namespace/$name/$(jq -r .name <<<"$1")
    mkdir -p "${log%/*}"
    mapfile -t mounts < <(jq -r --arg volumes "$home/volumes" '.volumeMounts[]? | "\($volumes)/\(.name)", .mountPath, (.readOnly // false)' <<<"$1")
    [[ -d $root ]] || {
        cp -al "$image/root" "$root"
        for path in $(jq -r '.volumeMounts[]?.mountPath' <<<"$1"); do mkdir -p "$root$path"; done
    }
    mapfile -t identity < <(jq -r --argjson pod "$pod" --slurpfile config "$image/config.json" '($pod.spec.securityContext // {}) + (.securityContext // {}) |
        (.readOnlyRootFilesystem // false), (.runAsUser // $config[0].User), (.runAsGroup // 0), (.fsGroup // 0)' <<<"$1")
    mapfile -t command < <(jq -r --slurpfile config "$image/config.json" '(.command // $config[0].Entrypoint)[], (.args // [])[]' <<<"$1")
    mapfile -d '' -t environment < <(printf '%s\0' PATH=/usr/bin HOSTNAME="$name" KUBERNETES_SERVICE_HOST=10.96.0.1 KUBERNETES_SERVICE_PORT="${KUBELET_API##*:}"
        pod_environment "$1")
    nsenter --net="/proc/$sandbox/ns/net" unshare --mount --pid --fork --kill-child /usr/bin/env -i "${environment[@]}" \
        /bin/bash -c "$container_inside" inside "$root" "${identity[@]}" "${mounts[@]}" -- "${command[@]}" >>"$log" 2>&1 &
    process=$!
}
container_signal() { # container_signal SIGNAL: to its process 1
    kill "-$1" $(<"/proc/$process/task/$process/children") 2>/dev/null
}
container_message() { # container_message CONTAINER: its last words
    [[ $(jq -r .terminationMessagePolicy <<<"$1") == FallbackToLogsOnError ]] &&
        tail -c 2048 "$dir/containerLogs/$namespace/$name/$(jq -r .name <<<"$1")"
}
container_end() { # container_end CONTAINER: waits; sets $code and $state
    wait "$process"
    code=$?
    state=$(ended "$code" "$( ((code)) && container_message "$1")")
}

# ---- probes

# Sets $failures and $due of a probe; 0 when it holds, 1 when it has failed often enough, 2 while nothing can be said.
probe() { # probe KIND
    local path port period threshold timeout delay
    read -r path port period threshold timeout delay < <(jq -r --arg kind "$1Probe" '. as $c | .[$kind] | .httpGet.port as $port |
        "\(.httpGet.path) \([$c.ports[]? | select(.name == $port) | .containerPort][0] // $port) \(.periodSeconds) \(.failureThreshold) \(.timeoutSeconds) \(.initialDelaySeconds // 0)"' <<<"$main")
    ((SECONDS >= ${due[$1]:=$((SECONDS + delay))})) || return 2
    due[$1]=$((SECONDS + period))
    curl -fs -o /dev/null -m "$timeout" "http://$address:$port$path" && failures[$1]=0 && return
    ((++failures[$1] < threshold)) && return 2
    return 1
}
has_probe() { [[ $(jq "has(\"$1Probe\")" <<<"$main") == true ]]; }

# Sets $ready. False when the container must end for it.
probes() {
    if has_probe startup && [[ ! $started ]]; then
        probe startup
        case $? in
        0) started=yes ;;
        1) return 1 ;;
        2) return 0 ;;
        esac
    fi
    if has_probe readiness; then
        probe readiness
        case $? in
        0) ready=true ;;
        1) ready=false ;;
        esac
    else
        ready=true
    fi
    has_probe liveness || return 0
    probe liveness
    (($? != 1))
}

# ---- a pod

report() { # report PHASE: when it is news
    [[ "$1 $ready $state $restarts $inits" == "$reported" ]] && return
    pod_says "$1" "$ready" "[$(container_status "$main" "$state" "$ready" "$restarts" "$last")]" "$inits"
    reported="$1 $ready $state $restarts $inits"
}
waiting() { # waiting REASON: a state
    echo "{\"waiting\":{\"reason\":\"$1\"}}"
}
going() { # looks at the pod again: whether it is to end
    local fresh
    fresh=$(api GET "/api/v1/namespaces/$namespace/pods/$name" 2>/dev/null) && jq -e .kind <<<"$fresh" >/dev/null 2>&1 || return 1
    [[ $(jq -r '.metadata.uid // .code' <<<"$fresh") == "$uid" ]] || return 0
    pod=$fresh
    [[ $(jq -r '.metadata.deletionTimestamp // ""' <<<"$pod") ]]
}
back_off() { # back_off RESTARTS: waits as long as they ask for; false when the pod is to end
    local end=$((SECONDS + (${KUBELET_BACKOFF:-1} << ($1 < 5 ? $1 : 5))))
    while ((SECONDS < end)); do
        going && return 1
        sleep 0.5
    done
    volumes_sync
}

# Each to its end, one after the other. False when the pod is to end, or has failed.
run_inits() {
    local container times
    while IFS= read -r container; do
        for ((times = 0; ; times++)); do
            container_start "$container"
            container_end "$container"
            inits=$(jq -c --argjson status "$(container_status "$container" "$state" "$( ((code)) && echo false || echo true)" "$times")" \
                '[.[] | select(.name != $status.name)] + [$status]' <<<"$inits")
            state=$(waiting PodInitializing)
            report Pending
            ((code == 0)) && break
            back_off "$times" || return
        done
    done < <(jq -c '.spec.initContainers[]?' <<<"$pod")
}

# The main container from its start to its end; its code is in $code then.
run_once() {
    local started='' end='' synced=$SECONDS
    local -A due=() failures=()
    container_start "$main"
    state="{\"running\":{\"startedAt\":\"$(now)\"}}" ready=false
    while kill -0 "$process" 2>/dev/null; do
        if [[ ! $end ]] && { going || ! probes; }; then # it may go on for a while, and is asked whether it is ready
            end=$((SECONDS + $(jq -r '.metadata.deletionGracePeriodSeconds // .spec.terminationGracePeriodSeconds' <<<"$pod")))
            container_signal TERM
        elif [[ $end ]]; then
            probes
            ((SECONDS < end)) || container_signal KILL
        fi
        report Running
        ((SECONDS - synced < ${KUBELET_SYNC:-2})) || { volumes_sync; synced=$SECONDS; }
        sleep 0.5
    done
    container_end "$main"
    ready=false
}

run_main() {
    local policy times
    policy=$(jq -r .spec.restartPolicy <<<"$pod")
    for ((times = 0; ; times++)); do
        run_once
        going && return
        if [[ $policy == Never || $policy == OnFailure && $code == 0 ]]; then
            report "$( ((code)) && echo Failed || echo Succeeded)"
            return
        fi
        last=$state state=$(waiting CrashLoopBackOff) restarts=$((times + 1))
        report Running
        back_off "$times" || return
    done
}

run_containers() { # of $pod
    local home=$dir/pods/$uid address='' sandbox process code main state last='{}' ready=false restarts=0 inits='[]' reported=
    main=$(jq -c '.spec.containers[0]' <<<"$pod")
    state=$(waiting ContainerCreating)
    api POST "/api/v1/namespaces/$namespace/pods/$name/binding" "{\"apiVersion\": \"v1\", \"kind\": \"Binding\", \"metadata\": {\"name\": \"$name\"},
        \"target\": {\"apiVersion\": \"v1\", \"kind\": \"Node\", \"name\": \"$node\"}}" application/json >/dev/null
    sandbox_start
    report Pending
    until volumes_sync || going; do sleep 0.5; done
    { going || ! run_inits; } || run_main
    kill "$sandbox"
    going && api DELETE "/api/v1/namespaces/$namespace/pods/$name" "{\"gracePeriodSeconds\": 0, \"preconditions\": {\"uid\": \"$uid\"}}" application/json >/dev/null
}
