# Story: one of two replicas is restarted again and again under load, and no review fails

# As in a cluster: a Service with endpoints, which are chosen anew for each connection. Endpoints may not be loopback
# addresses, so this needs another address of the machine, and an API server that resolves endpoints itself.
gate_address=$(hostname -I | tr ' ' '\n' | grep -m 1 '^[0-9.]*$')
if [[ ! $gate_address ]]; then
    say Note "left out: this machine has no address besides loopback"
    exit 0
fi
given "an API server that looks at endpoints" apiserver_start routing --enable-aggregator-routing=true
kubectl() { "$bin/kubectl" --kubeconfig "$work/routing.kubeconfig" "$@"; }

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
gate_client() { echo "{service: {name: brgate, namespace: brgate-system, port: 443, path: $1}, caBundle: \"$gate_bundle\"}"; }
eval "plain_$(declare -f gate_manifests)"
gate_manifests() {
    plain_gate_manifests "$1" | sed 's/^spec: {type: ExternalName.*/spec: {ports: [{name: https, port: 443, targetPort: https}]}/'
}
asked() { # both replicas together
    echo $(($(gate_metric gate brgate_webhook_requests_total) + $(gate_metric twin brgate_webhook_requests_total)))
}
gate_is_asked() {
    local before
    before=$(asked)
    gate_probe
    (($(asked) - before >= 2))
}

gate_certificates
kubectl delete service brgate -n brgate-system --ignore-not-found >/dev/null 2>&1
for replica in gate twin; do
    given "a replica" gate_start "$replica" --shutdown-delay 2s
    given "its endpoint" endpoint "$replica" true
done
given "both are registered" gate_register
load_start default routing
then_true "reviews go on" load_goes_on

leave() { # as a pod that is deleted: the signal and the change of the endpoint at the same time
    process_signal "$1" TERM
    endpoint "$1" false >/dev/null
}
for replica in gate twin gate twin; do
    when "$replica is told to end" leave "$replica"
    then_true "it ends by itself" wait_for 20 process_gone "$replica"
    then_true "reviews go on with the other" load_goes_on 100
    given "it starts again" gate_start "$replica" --shutdown-delay 2s
    given "and is ready" endpoint "$replica" true
    then_true "reviews go on with both" load_goes_on 200
done
load_stop
for replica in gate twin; do
    then_true "$replica has answered its part" test "$(grep -c '"verdict"' "$work/log/$replica")" -gt 100
done
then_equal "of $answers reviews none failed" "$refusals" 0

# The count counts: the same without drain and notice.
load_start default routing
load_goes_on 50
process_signal gate KILL
load_goes_on 200
load_stop >/dev/null
then_true "a replica that is killed without notice costs reviews ($refusals of $answers)" test "$refusals" -gt 0

gate_start gate
gate_unregister >/dev/null 2>&1
for process in gate twin routing; do process_stop "$process"; done
