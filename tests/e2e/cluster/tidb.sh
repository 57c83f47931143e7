# A TiDB cluster as far as backups see one: its objects, an etcd in PD's place and pods that a stand-in for the kubelet runs.
#
# The namespace is called "localhost": PD's address is then db-pd.localhost:PORT, a name that means this machine by definition (RFC 6761).

tidb_namespace=localhost

# The definitions of TiDB Operator v2 that are looked at, without their schemas.
tidb_definitions() {
    local kind
    for kind in Cluster PDGroup TiKVGroup; do
        cat <<YAML
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind,,}s.core.pingcap.com}
spec:
  group: core.pingcap.com
  scope: Namespaced
  names: {kind: $kind, listKind: ${kind}List, plural: ${kind,,}s, singular: ${kind,,}}
  versions: [{name: v1alpha1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
YAML
    done
}

tidb_cluster() { # tidb_cluster NAME
    cat <<YAML
---
apiVersion: core.pingcap.com/v1alpha1
kind: Cluster
metadata: {name: $1}
spec: {}
---
apiVersion: core.pingcap.com/v1alpha1
kind: PDGroup
metadata: {name: $1}
spec: {cluster: {name: $1}, template: {spec: {version: v8.5.3, server: {ports: {client: {port: $(<"$work/pd.port")}}}}}}
---
apiVersion: core.pingcap.com/v1alpha1
kind: TiKVGroup
metadata: {name: $1}
spec: {cluster: {name: $1}, template: {spec: {version: v8.5.3}}}
YAML
}

tidb_accounts() {
    cat <<YAML
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: tidb-backup-manager}
---
apiVersion: v1
kind: Secret
metadata: {name: s3-secret}
stringData: {access_key: key, secret_key: secret}
YAML
}

tidb_define() {
    definitions_install && tidb_definitions | kubectl apply -f - && wait_for 60 tidb_definitions_are_known
}
tidb_definitions_are_known() { # a definition is established before kubectl can find it
    kubectl get clusters.core.pingcap.com,pdgroups.core.pingcap.com,tikvgroups.core.pingcap.com -n default
}

# Listens on $work/pd.port.
pd_start() {
    local client peer
    port_free >"$work/pd.port"
    client=http://127.0.0.1:$(<"$work/pd.port") peer=http://127.0.0.1:$(port_free)
    process_start pd etcd --data-dir "$work/pd.data" --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" --log-level warn
    wait_for 90 curl -fs "$client/health"
}

pd_checkpoint() { # pd_checkpoint TASK TSO: how far the log backup is
    local key value
    key=$(printf '/tidb/br-stream/checkpoint/%s/central_global' "$1" | base64 -w 0)
    value=$(printf "$(printf '%016x' "$2" | sed 's/../\\x&/g')" | base64 -w 0)
    curl -fsS "http://127.0.0.1:$(<"$work/pd.port")/v3/kv/put" -d "{\"key\":\"$key\",\"value\":\"$value\"}"
}
tso_now() { echo $(($(date +%s%3N) << 18)); }

tidb_kubelet() { # $kubelet_br and $tidb_s3 name a BR and an S3 server
    kubelet_start apiserver KUBELET_PD="127.0.0.1:$(<"$work/pd.port")" KUBELET_BR="${kubelet_br:-$here/standin/br}" KUBELET_S3="${tidb_s3:-}"
}
kubelet_runs() { # kubelet_runs [PATTERN]: how many runs of its log match
    grep -cE "${1:-.}" "$work/kubelet/runs" 2>/dev/null
}

tidb_up() {
    tidb_define && pd_start && kubectl create namespace "$tidb_namespace" &&
        { tidb_cluster db; tidb_accounts; } | kubectl apply -n "$tidb_namespace" -f - && tidb_kubelet
}

# Says what is in the way when it does not.
namespace_goes() {
    kubectl delete namespace "$tidb_namespace" --timeout="${1:-240}s" && return
    kubectl get namespace "$tidb_namespace" -o 'jsonpath={range .status.conditions[*]}{.type} {.status} {.message}{"\n"}{end}'
    return 1
}

tidb_down() { # also where no controller is left that could take finalizers off
    local object
    for object in $(kubectl get backups.br.pingcap.com -n "$tidb_namespace" -o name); do
        kubectl patch "$object" -n "$tidb_namespace" --type=merge -p '{"metadata": {"finalizers": null}}'
    done
    kubectl delete namespace "$tidb_namespace" --ignore-not-found --timeout=240s
    process_stop kubelet
    process_stop pd
    rm -rf "$work/pd.data" "$work/kubelet"
}

# ---- objects for it

backup_storage() { # [cluster=NAME] backup_storage PREFIX: the members of a spec, for a flow mapping
    echo "br: {cluster: ${cluster:-db}}, s3: {provider: minio, secretName: s3-secret, endpoint: \"${tidb_s3:-http://127.0.0.1:1}\", bucket: my-bucket, prefix: $1}"
}

snapshot_backup() { # snapshot_backup NAME
    echo "{apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: $1}, spec: {backupType: full, $(backup_storage "$1")}}"
}
log_backup() { # log_backup NAME
    echo "{apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: $1}, spec: {backupMode: log, $(backup_storage "$1")}}"
}

# ---- the controller

# Its account has the rights of the chart and no others.
reconciler_account() {
    "$bin/helm" template gate charts/brgate --namespace brgate-system --show-only templates/reconciler-rbac.yaml --kube-version 1.36.0 \
        --set reconciler.enabled=true,image.repository=brgate,image.tag=test --set 'reconciler.kinds={backups.br.pingcap.com,backupschedules.br.pingcap.com,compactbackups.br.pingcap.com}' |
        kubectl apply -f - && rights_are_known || return
    sed "s|users: .*|users: [{name: admin, user: {token: $(kubectl create token gate-brgate-reconciler -n brgate-system --duration 4h)}}]|" \
        "$work/apiserver.kubeconfig" >"$work/reconciler.kubeconfig"
}

# NAME tells about itself on $work/NAME.health; its lease is brgate-system/gate-brgate-reconciler.
reconciler_start() { # reconciler_start NAME [FLAG...]
    local name=$1
    shift
    [[ -f $work/$name.health ]] || port_free >"$work/$name.health"
    process_start "$name" "$brgate" reconcile --kubeconfig "$work/reconciler.kubeconfig" \
        --lease brgate-system/gate-brgate-reconciler --listen "127.0.0.1:$(<"$work/$name.health")" \
        --kinds backups.br.pingcap.com,backupschedules.br.pingcap.com,compactbackups.br.pingcap.com "$@"
}
reconciler_metric() { # reconciler_metric NAME METRIC
    gate_metric "$1" "brgate_reconcile_$2"
}
reconciler_leads() { [[ $(reconciler_metric "$1" leader) == 1 ]] && curl -fs "http://127.0.0.1:$(<"$work/$1.health")/readyz"; }
reconciler_refused() { grep -hE '"(message|error)":"[^"]*: 40[13]:' "$work"/log/{one,two} 2>/dev/null | head -n 3; }

# Jobs whose command ran more than once, and Backups of one due time more than once.
done_twice() {
    local list
    sort "$work/kubelet/runs" | awk '{ print $1, $2 }' | uniq -d | sed 's/^/ran twice: /'
    list=$(kubectl get bk -n "$tidb_namespace" -o 'jsonpath={range .items[*]}{.spec.s3.prefix}{"\n"}{end}' 2>/dev/null) || echo "no answer"
    sort <<<"$list" | uniq -d | sed 's/^/same folder twice: /'
}

backups_are() { # backups_are COUNT JSONPATH-CONDITION: at least so many
    [[ $(kubectl get bk -n "$tidb_namespace" -o "jsonpath={range .items[?($2)]}x{end}" 2>/dev/null | wc -c) -ge $1 ]]
}
phase_is() { # phase_is NAME PHASE
    [[ $(kubectl get bk "$1" -n "$tidb_namespace" -o 'jsonpath={.status.phase}' 2>/dev/null) == "$2" ]]
}
