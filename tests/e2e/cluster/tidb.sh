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

tidb_objects() { # tidb_objects NAME PD-PORT
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
spec: {cluster: {name: $1}, template: {spec: {version: v8.5.3, server: {ports: {client: {port: $2}}}}}}
---
apiVersion: core.pingcap.com/v1alpha1
kind: TiKVGroup
metadata: {name: $1}
spec: {cluster: {name: $1}, template: {spec: {version: v8.5.3}}}
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
    "$brgate" crds | kubectl apply --server-side -f - && tidb_definitions | kubectl apply -f - &&
        kubectl wait --for condition=Established --timeout=20s crd -l '!nothing'
}

# Listens on $work/pd.port.
pd_start() {
    local client peer
    port_free >"$work/pd.port"
    client=http://127.0.0.1:$(<"$work/pd.port") peer=http://127.0.0.1:$(port_free)
    process_start pd etcd --data-dir "$work/pd.data" --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" --log-level warn
    wait_for 20 curl -fs "$client/health"
}

pd_checkpoint() { # pd_checkpoint TASK TSO: how far the log backup is
    local key value
    key=$(printf '/tidb/br-stream/checkpoint/%s/central_global' "$1" | base64 -w 0)
    value=$(printf "$(printf '%016x' "$2" | sed 's/../\\x&/g')" | base64 -w 0)
    curl -fsS "http://127.0.0.1:$(<"$work/pd.port")/v3/kv/put" -d "{\"key\":\"$key\",\"value\":\"$value\"}"
}
tso_now() { echo $(($(date +%s%3N) << 18)); }

kubelet_start() { # kubelet_start [VARIABLE=VALUE]...
    KUBELET_API=$(<"$work/apiserver.url") KUBELET_CERTS=$work/certs KUBELET_PD=127.0.0.1:$(<"$work/pd.port") \
        process_start kubelet env KUBELET_BR="$here/standin/br" "$@" "$here/standin/kubelet" "$work/kubelet"
}
kubelet_runs() { # kubelet_runs [PATTERN]: how many runs of its log match
    grep -cE "${1:-.}" "$work/kubelet/runs" 2>/dev/null
}

tidb_up() {
    tidb_define && pd_start && kubectl create namespace "$tidb_namespace" && tidb_objects db "$(<"$work/pd.port")" |
        kubectl apply -n "$tidb_namespace" -f - && kubelet_start
}

tidb_down() {
    kubectl delete namespace "$tidb_namespace" --wait=false
    process_stop kubelet
    process_stop pd
    rm -rf "$work/pd.data" "$work/kubelet"
}

# ---- objects for it

backup_storage() { # backup_storage PREFIX: the members of a spec, for a flow mapping
    echo "br: {cluster: db}, s3: {provider: minio, secretName: s3-secret, endpoint: \"${tidb_s3:-http://127.0.0.1:1}\", bucket: my-bucket, prefix: $1}"
}

snapshot_backup() { # snapshot_backup NAME
    echo "{apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: $1}, spec: {backupType: full, $(backup_storage "$1")}}"
}
log_backup() { # log_backup NAME
    echo "{apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: $1}, spec: {backupMode: log, $(backup_storage "$1")}}"
}

# ---- the controller

# NAME tells about itself on $work/NAME.health; its lease is brgate-system/brgate-reconcile.
reconciler_start() { # reconciler_start NAME [FLAG...]
    local name=$1
    shift
    [[ -f $work/$name.health ]] || port_free >"$work/$name.health"
    process_start "$name" "$brgate" reconcile --kubeconfig "${reconciler_kubeconfig:-$work/apiserver.kubeconfig}" \
        --lease brgate-system/brgate-reconcile --listen "127.0.0.1:$(<"$work/$name.health")" \
        --kinds backups.br.pingcap.com,backupschedules.br.pingcap.com,compactbackups.br.pingcap.com "$@"
}
reconciler_metric() { # reconciler_metric NAME METRIC
    gate_metric "$1" "brgate_reconcile_$2"
}
reconciler_leads() { [[ $(reconciler_metric "$1" leader) == 1 ]] && curl -fs "http://127.0.0.1:$(<"$work/$1.health")/readyz"; }
