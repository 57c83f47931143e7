# Story: the model API server that the controller is simulated with answers as the real one

model=$(dirname "$brgate")/tests/reconcile/model_server
given "a namespace" kubectl create namespace conf
given "no controller works behind the API server" process_stop controllers
coproc MODEL { exec "$model"; }
declare -A uid version first

ask_model() { # METHOD PATH BODY: the status, a tab and the body
    printf '%s\t%s\t%s\n' "$1" "$2" "$3" >&"${MODEL[1]}"
    IFS= read -r -t 20 -u "${MODEL[0]}" said && echo "$said"
}
ask_real() {
    local type=application/json
    [[ $1 == PATCH ]] && type=application/merge-patch+json
    curl -sS -m 20 --cacert "$work/certs/cluster-ca.crt" --cert "$work/certs/admin.crt" --key "$work/certs/admin.key" -X "$1" \
        -w '\n%{http_code}' ${3:+-H "Content-Type: $type" --data-binary "$3"} "$(<"$work/apiserver.url")$2" >"$work/answer"
    printf '%s\t%s\n' "$(tail -n 1 "$work/answer")" "$(head -n -1 "$work/answer" | jq -c --slurp 'if length == 1 then .[0] else . end')"
}

# Of a body: what a client can rely on. Uids and versions are told by whether they are those of the last answer.
essence() { # essence WHO KEY STATUS BODY
    jq -cS --arg code "$3" --arg uid "${uid[$1/$2]:-}" --arg version "${version[$1/$2]:-}" '
        def told: if .kind == "Status" then {status, reason: (.reason // ""), code: $code}
            else {kind, apiVersion, name: .metadata.name, code: $code,
                uid: (if .metadata.uid == $uid then "as before" else "new" end),
                version: (if .metadata.resourceVersion == $version then "as before" else "new" end),
                deleting: (.metadata.deletionTimestamp != null), finalizers: (.metadata.finalizers // []),
                labels: (.metadata.labels // {}), owners: [.metadata.ownerReferences[]? | .kind + " " + .name], spec, status: (.status // {})} end;
        told | tostring | gsub($own; "UID") | fromjson
        | del(.spec.selector?, .spec.template?.metadata.labels["controller-uid", "batch.kubernetes.io/controller-uid"]) # of a Job: nothing reads them' --arg own "$(jq -r '.metadata.uid? // "no uid"' <<<"$4")" <<<"$4"
}
remember() { # remember WHO KEY BODY
    local now who
    read -r now who < <(jq -r 'select(.kind != "Status") | "\(.metadata.resourceVersion) \(.metadata.uid)"' <<<"$3") || return
    version[$1/$2]=$now uid[$1/$2]=$who
    [[ ${first[$1/$2]:-} ]] || first[$1/$2]=$now
}
fill() { # fill WHO TEXT: @uid:KEY, @version:KEY and @first:KEY are what that server has answered
    local text=$2 word
    while [[ $text =~ @(uid|version|first):([a-z0-9/-]+) ]]; do
        word=${BASH_REMATCH[0]}
        case ${BASH_REMATCH[1]} in
        uid) text=${text//$word/${uid[$1/${BASH_REMATCH[2]}]:-none}} ;;
        version) text=${text//$word/${version[$1/${BASH_REMATCH[2]}]:-1}} ;;
        first) text=${text//$word/${first[$1/${BASH_REMATCH[2]}]:-1}} ;;
        esac
    done
    echo "$text"
}
both() { # both TEXT METHOD KEY[/status][?QUERY] [BODY]: KEY is RESOURCE or RESOURCE/NAME
    local text=$1 method=$2 path=$3 body=${4:-} key resource group who code answer
    local -A told
    key=${path%%\?*} resource=${path%%[/?]*}
    key=${key%/status}
    case $resource in
    jobs) group=apis/batch/v1 ;;
    leases) group=apis/coordination.k8s.io/v1 ;;
    old) group=apis/pingcap.com/v1alpha1 path=backups${path#old} ;;
    *) group=apis/br.pingcap.com/v1alpha1 ;;
    esac
    for who in model real; do
        IFS=$'\t' read -r code answer < <("ask_$who" "$method" "$(fill $who "/$group/namespaces/conf/$path")" "$(fill $who "$body")")
        [[ $method == POST && $answer ]] && key=$resource/$(jq -r '.metadata.name // ""' <<<"$answer")
        told[$who]=$(essence $who "$key" "$code" "$answer")
        remember $who "$key" "$answer"
    done
    then_equal "$text: ${told[real]:0:60}" "${told[model]}" "${told[real]}"
}
names() { # names TEXT RESOURCE: all pages of a list
    local who more answer found
    local -A told
    for who in model real; do
        found= more=
        while :; do
            IFS=$'\t' read -r _ answer < <("ask_$who" GET "/apis/$([[ $2 == jobs ]] && echo batch/v1 || echo br.pingcap.com/v1alpha1)/namespaces/conf/$2?limit=2$more" "")
            found+=" $(jq -r '[.items[].metadata | select(.namespace == "conf") | .name] | join(" ")' <<<"$answer")"
            listed[$who]=$(jq -r .metadata.resourceVersion <<<"$answer")
            more=$(jq -r '.metadata.continue // ""' <<<"$answer")
            [[ $more ]] || break
            more="&continue=$more"
        done
        told[$who]=$(xargs -n 1 <<<"$found" | sort | xargs)
    done
    then_equal "$1: ${told[real]}" "${told[model]}" "${told[real]}"
}
declare -A listed
watched() { # watched TEXT RESOURCE SINCE: since the version that @SINCE is
    local who code answer
    local -A told
    for who in model real; do
        IFS=$'\t' read -r code answer < <("ask_$who" GET "/apis/br.pingcap.com/v1alpha1/namespaces/conf/$2?watch=1&allowWatchBookmarks=true&timeoutSeconds=2&resourceVersion=$(fill $who "$3")" "")
        # A real one sends a bookmark after a minute: none is waited for.
        told[$who]=$(jq -c '(if type == "array" then . else [.] end) as $all |
            if any($all[]; .code == 410 or .object.code == 410 or .reason == "Expired") then "too old" else
            {lines: [$all[] | select(.type != "BOOKMARK" and .object.metadata.namespace == "conf") | .type + " " + .object.metadata.name],
             ordered: ([$all[].object.metadata.resourceVersion | tonumber] | . == sort)} end' <<<"$answer")
    done
    then_equal "$1: ${told[real]}" "${told[model]}" "${told[real]}"
}

backup() { # backup NAME [MORE OF METADATA] [GROUP]
    printf '{"apiVersion":"%s/v1alpha1","kind":"Backup","metadata":{"name":"%s","namespace":"conf"%s},"spec":{"backupType":"full","br":{"cluster":"c"},"s3":{"provider":"minio","endpoint":"http://m:9000","bucket":"b","prefix":"%s"}}}' \
        "${3:-br.pingcap.com}" "$1" "${2:+,$2}" "$1"
}
patch() { # patch NAME MORE [METADATA] [GROUP]
    printf '{"apiVersion":"%s/v1alpha1","kind":"Backup","metadata":{"name":"%s","namespace":"conf"%s}%s}' "${4:-br.pingcap.com}" "$1" "${3:+,$3}" "${2:+,$2}"
}
job() { # job NAME OWNER
    printf '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"%s","namespace":"conf","labels":{"app":"x"},"ownerReferences":[{"apiVersion":"br.pingcap.com/v1alpha1","kind":"Backup","name":"%s","uid":"@uid:backups/%s","controller":true,"blockOwnerDeletion":true}]},"spec":{"backoffLimit":0,"template":{"metadata":{"labels":{"app":"x"}},"spec":{"restartPolicy":"Never","containers":[{"name":"x","image":"x","imagePullPolicy":"IfNotPresent"}]}}}}' \
        "$1" "$2" "$2"
}
delete() { # delete POLICY [KEY [WHICH]]
    printf '{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"%s"%s}' "$1" \
        "${2:+,\"preconditions\":{\"uid\":\"@uid:$2\",\"resourceVersion\":\"@${3:-version}:$2\"\}}"
}
held='"finalizers":["pingcap.com/finalizer"]'

# ---- create, read
both "a Backup is created" POST backups "$(backup a)"
both "a second time" POST backups "$(backup a)"
both "a dry run" POST "backups?dryRun=All" "$(backup dry)"
both "it left nothing" GET backups/dry
both "it is read" GET backups/a
both "another one that has a finalizer" POST backups "$(backup held "$held")"
both "one of the older group, without a subresource" POST old "$(backup old "" pingcap.com)"
both "one with a version" POST backups "$(backup versioned '"resourceVersion":"5"')"

# ---- patches
both "a patch of the metadata" PATCH backups/a "$(patch a '' '"annotations":{"note":"1"}')"
both "the same again changes nothing" PATCH backups/a "$(patch a '' '"annotations":{"note":"1"}')"
both "with the version that it has" PATCH backups/a "$(patch a '' '"resourceVersion":"@version:backups/a","annotations":{"note":"2"}')"
both "with an older version" PATCH backups/a "$(patch a '' '"resourceVersion":"@first:backups/a","annotations":{"note":"3"}')"
both "of one that is not there" PATCH backups/none "$(patch none '' '"annotations":{"note":"1"}')"
both "the status through the object" PATCH backups/a "$(patch a '"status":{"phase":"Running"}')"
both "the status through its subresource" PATCH backups/a/status "$(patch a '"status":{"phase":"Running"}')"
both "the same again" PATCH backups/a/status "$(patch a '"status":{"phase":"Running"}')"
both "the subresource changes no spec" PATCH backups/a/status "$(patch a '"status":{"phase":"Complete"},"spec":{"cleanPolicy":"Delete"}')"
both "with an older version" PATCH backups/a/status "$(patch a '"status":{"phase":"Failed"}' '"resourceVersion":"@first:backups/a"')"
both "a field that goes" PATCH backups/a/status "$(patch a '"status":{"phase":null}')"
both "the older group's status" PATCH old/old "$(patch old '"status":{"phase":"Running"}' '' pingcap.com)"
both "the spec" PATCH backups/a "$(patch a '"spec":{"cleanPolicy":"Delete"}')"

# ---- leases
lease='"apiVersion":"coordination.k8s.io/v1","kind":"Lease"'
both "a Lease" POST leases "{$lease,\"metadata\":{\"name\":\"l\",\"namespace\":\"conf\"},\"spec\":{\"holderIdentity\":\"x\",\"leaseDurationSeconds\":15}}"
both "its holder renews it" PUT leases/l "{$lease,\"metadata\":{\"name\":\"l\",\"namespace\":\"conf\",\"resourceVersion\":\"@version:leases/l\"},\"spec\":{\"holderIdentity\":\"x\",\"leaseDurationSeconds\":16}}"
both "another one has an older version" PUT leases/l "{$lease,\"metadata\":{\"name\":\"l\",\"namespace\":\"conf\",\"resourceVersion\":\"@first:leases/l\"},\"spec\":{\"holderIdentity\":\"y\",\"leaseDurationSeconds\":15}}"
both "or none" PUT leases/l "{$lease,\"metadata\":{\"name\":\"l\",\"namespace\":\"conf\"},\"spec\":{\"holderIdentity\":\"y\",\"leaseDurationSeconds\":15}}"
both "one that is not there" PUT leases/none "{$lease,\"metadata\":{\"name\":\"none\",\"namespace\":\"conf\",\"resourceVersion\":\"1\"},\"spec\":{\"holderIdentity\":\"y\"}}"

# ---- lists and watches
for n in 1 2 3 4 5 6 7; do both "Backup n$n" POST backups "$(backup "n$n")"; done
names "a list in pages" backups
for who in model real; do version[$who/list]=${listed[$who]}; done
watched "a watch from the list has nothing" backups @version:list
both "a change" PATCH backups/n1 "$(patch n1 '' '"annotations":{"note":"1"}')"
both "a change of nothing" PATCH backups/n1 "$(patch n1 '' '"annotations":{"note":"1"}')"
both "a deletion" DELETE backups/n2 "$(delete Background backups/n2)"
both "a creation" POST backups "$(backup n8)"
watched "the watch from the list" backups @version:list
ask_model FORGET "" "" >/dev/null
watched "a watch from the beginning" backups 1

# ---- deletions
both "with a wrong version" DELETE backups/n3 "$(delete Background backups/a)"
both "with an old one" DELETE backups/a "$(delete Background backups/a first)"
both "of one that is not there" DELETE backups/none "$(delete Background)"
both "with its version" DELETE backups/n3 "$(delete Background backups/n3)"
both "it is gone" GET backups/n3
both "one that a finalizer holds" DELETE backups/held "$(delete Background backups/held)"
both "a second time" DELETE backups/held "$(delete Background backups/held)"
both "it may change" PATCH backups/held "$(patch held '' '"annotations":{"note":"1"}')"
both "it may get no finalizer" PATCH backups/held "$(patch held '' '"finalizers":["pingcap.com/finalizer","example.com/more"]')"
both "its last finalizer goes" PATCH backups/held "$(patch held '' '"finalizers":[]')"
both "and so does it" GET backups/held
both "a namesake" POST backups "$(backup held)"

# ---- garbage
both "an owner" POST backups "$(backup owner "$held")"
both "its Job" POST jobs "$(job j1 owner)"
both "another Job" POST jobs "$(job j2 owner)"
both "a Job is deleted in the foreground" DELETE jobs/j1 "$(delete Foreground jobs/j1)"
both "it waits for the collector" GET jobs/j1
both "the other one in the background" DELETE jobs/j2 "$(delete Background jobs/j2)"
both "it is gone" GET jobs/j2
both "a third Job" POST jobs "$(job j3 owner)"
both "the owner is deleted" DELETE backups/owner "$(delete Background backups/owner)"
both "the Job stays" GET jobs/j3
both "the owner goes" PATCH backups/owner "$(patch owner '' '"finalizers":[]')"
both "a Job of an owner that has gone" POST jobs "$(job j4 owner)"
names "Jobs before the collector" jobs
given "the controllers work" controllers_start
no_jobs() { local names && names=$(kubectl get jobs -n conf -o name) && [[ ! $names ]]; }
then_true "the real collector takes every Job" wait_for 240 no_jobs
ask_model COLLECT "" "" >/dev/null
names "and so does the model's" jobs
kubectl delete namespace conf --wait=false >/dev/null
