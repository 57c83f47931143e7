# etcd, API servers and the controller manager, on free ports of 127.0.0.1. Pods run in it where a story starts a kubelet (pods.sh).

etcd_start() {
    local client peer
    client=http://127.0.0.1:$(port_free) peer=http://127.0.0.1:$(port_free)
    process_start etcd etcd --data-dir "$work/etcd" --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer" --log-level warn
    echo "$client" >"$work/etcd.url"
    wait_for 90 curl -fs "$client/health"
}

# Leaves NAME.kubeconfig for an admin. Started again it has the same port.
apiserver_start() { # apiserver_start NAME [FLAG...]
    local name=$1 port certs=$work/certs
    shift
    port=$(sed 's/.*://' "$work/$name.url" 2>/dev/null)
    port=${port:-$(port_free)}
    process_start "$name" "$bin/kube-apiserver" --etcd-servers="$(<"$work/etcd.url")" --bind-address=127.0.0.1 \
        --advertise-address=127.0.0.1 --secure-port="$port" --cert-dir="$work/$name" --tls-cert-file="$certs/apiserver.crt" \
        --tls-private-key-file="$certs/apiserver.key" --client-ca-file="$certs/cluster-ca.crt" --authorization-mode=RBAC \
        --service-account-key-file="$certs/accounts.key" --service-account-signing-key-file="$certs/accounts.key" \
        --service-account-issuer=https://kubernetes.default.svc --api-audiences=https://kubernetes.default.svc \
        --service-cluster-ip-range=10.96.0.0/16 --endpoint-reconciler-type=none --v=1 \
        --audit-policy-file="$here/cluster/audit.yaml" --audit-log-path="$work/log/$name.audit" --audit-log-mode=blocking "$@"
    kubeconfig_write "$name" "$port" admin >"$work/$name.kubeconfig"
    echo "https://127.0.0.1:$port" >"$work/$name.url"
    wait_for 180 apiserver_ready "$name"
}

apiserver_ready() { "$bin/kubectl" --kubeconfig "$work/$1.kubeconfig" get --raw /readyz; }

kubeconfig_write() { # kubeconfig_write CLUSTER PORT USER
    cat <<YAML
apiVersion: v1
kind: Config
current-context: $1
clusters: [{name: $1, cluster: {server: "https://127.0.0.1:$2", certificate-authority: $work/certs/cluster-ca.crt}}]
users: [{name: $3, user: {client-certificate: $work/certs/$3.crt, client-key: $work/certs/$3.key}}]
contexts: [{name: $1, context: {cluster: $1, user: $3}}]
YAML
}

controllers_start() {
    local url
    url=$(<"$work/apiserver.url")
    kubeconfig_write apiserver "${url##*:}" controllers >"$work/controllers.kubeconfig"
    process_start controllers "$bin/kube-controller-manager" --kubeconfig="$work/controllers.kubeconfig" \
        --service-account-private-key-file="$work/certs/accounts.key" --root-ca-file="$work/certs/cluster-ca.crt" \
        --use-service-account-credentials --controllers='*,-nodeipam,-nodelifecycle' --leader-elect=false --secure-port=0
}

cluster_start() {
    cluster_certificates
    etcd_start || return 1
    apiserver_start apiserver || return 1
    controllers_start
    kubectl create namespace brgate-system >/dev/null
}

# An API server learns of rights with a delay, of each kind of object in the order of the changes: once it knows these, it knows all that
# were given or taken before them.
rights_are_known() {
    local user=witness-${EPOCHREALTIME/[.,]/-}
    rights_of_witness "$user" | kubectl apply -f - && wait_for 60 rights_hold "$user" && rights_of_witness "$user" | kubectl delete --wait=false -f -
}
rights_of_witness() { # rights_of_witness USER
    local api='apiVersion: rbac.authorization.k8s.io/v1' kind
    for kind in ClusterRole Role; do
        cat <<YAML
---
{$api, kind: $kind, metadata: {name: $1, namespace: brgate-system}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [${kind,,}s], verbs: [get]}]}
---
{$api, kind: ${kind}Binding, metadata: {name: $1, namespace: brgate-system}, subjects: [{kind: User, name: $1}],
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: $kind, name: $1}}
YAML
    done
}
rights_hold() { # rights_hold USER
    kubectl auth can-i get clusterroles --as="$1" && kubectl auth can-i get roles -n brgate-system --as="$1"
}
