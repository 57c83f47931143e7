# Two replicas, gate and twin, as in a cluster: a Service with endpoints, which are chosen anew for each connection.
# Endpoints may not be loopback addresses, so this needs another address of the machine, and an API server that resolves
# endpoints itself.

replicas_have_an_address() {
    gate_address=$(hostname -I | tr ' ' '\n' | grep -m 1 '^[0-9.]*$')
    [[ $gate_address ]]
}

replicas_apiserver() { apiserver_start routing --enable-aggregator-routing=true; }

# For the rest of the story kubectl, the registration and the questions are about them.
replicas_behind_a_service() {
    kubectl() { "$bin/kubectl" --kubeconfig "$work/routing.kubeconfig" "$@"; }
    gate_client() { echo "{service: {name: brgate, namespace: brgate-system, port: 443, path: $1}, caBundle: \"$gate_bundle\"}"; }
    eval "plain_$(declare -f gate_manifests)"
    gate_manifests() {
        plain_gate_manifests "$1" | sed 's/^spec: {type: ExternalName.*/spec: {ports: [{name: https, port: 443, targetPort: https}]}/'
    }
    gate_reviews() { replicas_metric brgate_webhook_requests_total; }
    # What an earlier story left: its endpoints have other ports.
    kubectl delete -n brgate-system --ignore-not-found service/brgate endpointslice/gate endpointslice/twin >/dev/null 2>&1
}

replicas_metric() { # replicas_metric METRIC: of both together
    echo $(($(gate_metric gate "$1") + $(gate_metric twin "$1")))
}

endpoint() { # endpoint REPLICA READY: what the endpoints' controller says of a pod
    kubectl apply -f - <<YAML
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: $1, namespace: brgate-system, labels: {kubernetes.io/service-name: brgate}}
addressType: IPv4
ports: [{name: https, port: $(<"$work/$1.port")}]
endpoints: [{addresses: ["$gate_address"], conditions: {ready: $2}}]
YAML
}

# As a pod that is deleted, whose endpoint and process are told at the same moment. kubectl's own time, which a busy machine draws out, is
# not part of the shutdown delay: the process is told when the endpoint is.
replica_leave() { # replica_leave REPLICA
    endpoint "$1" false >/dev/null && process_signal "$1" TERM
}

# The account of servers that keep their certificate themselves, with the rights and the guard that the chart gives it, in
# own.kubeconfig; and the registration, without any caBundle yet.
chart_account() {
    chart_template brgate --show-only templates/rbac.yaml --show-only templates/guard.yaml \
        --set fullnameOverride=brgate --set certificates.mode=self --set certificates.secretName=brgate-tls
}
account_kubeconfig() {
    kubeconfig_write routing "$(sed 's/.*://' "$work/routing.url")" own |
        sed "s|user: {client-cert.*}|user: {token: $(kubectl create token brgate -n brgate-system)}}|" >"$work/own.kubeconfig"
}
replicas_keep_their_own() {
    given "the service account, its rights and its guard, as the chart renders them" eval 'chart_account | kubectl apply -f -'
    given "the API server knows them" rights_are_known
    given "its token" account_kubeconfig
    gate_bundle=
    given "the configurations without any caBundle" eval 'gate_manifests Fail | kubectl apply -f -'
}
