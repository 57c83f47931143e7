# Story: cert-manager takes over the certificate from the servers while reviews continue, and none fails

if ! replicas_have_an_address; then
    say Note "left out: this machine has no address besides loopback"
    exit 0
fi
given "an API server that looks at endpoints" replicas_apiserver
replicas_behind_a_service

# ---- mode self: gate is the release's server
replicas_keep_their_own
for replica in gate twin; do port_free >"$work/$replica.port"; port_free >"$work/$replica.health"; done
listens() { echo "--listen $gate_address:$(<"$work/$1.port") --health-listen 127.0.0.1:$(<"$work/$1.health") --shutdown-delay 5s"; }
is_ready() { curl -fs "http://127.0.0.1:$(<"$work/$1.health")/readyz"; }
kubectl delete secret brgate-tls -n brgate-system --ignore-not-found >/dev/null 2>&1
process_start gate "$brgate" serve $(listens gate) --kubeconfig "$work/own.kubeconfig" --certs-secret brgate-system/brgate-tls \
    --certs-service brgate --webhook-configuration brgate --certs-settle 2s --certs-interval 500ms
given "a server that keeps its certificate itself" eval 'wait_for 60 is_ready gate && endpoint gate true && wait_for 60 gate_is_asked'
load_start default routing
then_true "reviews continue" load_goes_on

# ---- the steps of docs/webhook.md
certificate_make manager-ca /CN=manager-ca
AUTHORITY=manager-ca certificate_make manager "/CN=$gate_name" "DNS:$gate_name"
show() { "$brgate" certs show --kubeconfig "$work/routing.kubeconfig" --secret brgate-system/gate-cm --webhook-configuration brgate; }
given "1. cert-manager has made a certificate in a Secret of another name" kubectl create secret generic gate-cm -n brgate-system \
    --type=kubernetes.io/tls --from-file=tls.crt="$work/certs/manager.crt" --from-file=tls.key="$work/certs/manager.key" \
    --from-file=ca.crt="$work/certs/manager-ca.crt"
when "brgate certs show" show
then_equal "it says that it is too early" "$code $(grep -c 'PROBLEM.*it does not trust tls.crt of the Secret' <<<"$out")" "1 2"
trust_too() { # trust_too FILE: in the caBundle, beside what is there
    local kind name bundle
    for kind in validating mutating; do
        for name in $(kubectl get ${kind}webhookconfiguration brgate -o 'jsonpath={.webhooks[*].name}'); do
            bundle=$({ kubectl get ${kind}webhookconfiguration brgate -o 'jsonpath={.webhooks[0].clientConfig.caBundle}' | base64 -d
                cat "$1"; } | base64 -w 0)
            kubectl patch ${kind}webhookconfiguration brgate -p '{"webhooks": [{"name": "'"$name"'", "clientConfig": {"caBundle": "'"$bundle"'"}}]}' || return
        done
    done
}
given "2. its authority is added to the servers' in the caBundle" trust_too "$work/certs/manager-ca.crt"
then_true "reviews continue, and the servers leave it in place" load_goes_on 400
when "brgate certs show" show
then_equal "it says that it is safe" "$code $(grep -c 'covers     tls.crt of the Secret' <<<"$out")" "0 2"
process_start twin "$brgate" serve $(listens twin) --tls-cert "$work/certs/manager.crt" --tls-key "$work/certs/manager.key" --tls-name "$gate_name"
given "3. mode files with that Secret: a new pod serves it" eval 'wait_for 60 is_ready twin && endpoint twin true'
then_true "reviews continue" load_goes_on 400
given "the old pod ends" eval 'replica_leave gate && wait_for 60 process_gone gate'
then_true "reviews continue" load_goes_on 400
gate_bundle=$(certificate_base64 manager-ca)
given "4. mode cert-manager: its injector puts only its own authority into the caBundle" eval 'gate_manifests Fail | kubectl apply -f -'
then_true "reviews continue" load_goes_on 1000
load_stop
then_equal "of $answers reviews none failed" "$refusals" 0

given "it is over" eval 'kubectl delete secret gate-cm brgate-tls -n brgate-system; chart_account | kubectl delete -f -'
