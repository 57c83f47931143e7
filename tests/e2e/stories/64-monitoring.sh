# Story: each alert fires on the first event, and the dashboard has something to show

given "Prometheus, as ./dev e2e unpacks it" command -v prometheus jq

fires() { # fires ALERT WHAT
    then_true "$1 fires: $2" wait_for 120 prometheus_fires "$1"
    echo "$1" >>"$work/fired"
}
: >"$work/fired"
policy() { printf '%s\n' "$1" >"$work/policy.yaml"; }
watched() { gate_start gate --config "$work/policy.yaml" --review-memory 1Mi --reviews-memory 1Mi "$@"; }
without_a_cluster() { backup "$1" | sed 's/cluster: demo1/cluster: ""/'; }
traversing() { backup "$1" | sed "s/prefix: $1/prefix: a\/..\/b/"; }
bad_review() { # bad_review [MEMBERS OF THE SPEC]: a creation that is denied
    printf '{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "705ab4f5", "operation": "CREATE",
        "namespace": "default", "kind": {"group": "br.pingcap.com", "version": "v1alpha1", "kind": "Backup"}, "object": {"apiVersion":
        "br.pingcap.com/v1alpha1", "kind": "Backup", "metadata": {"name": "x", "namespace": "default"}, "spec": {%s}}}}' "${1:-}"
}
ask() { # ask PATH: with the review on standard input; the status is its answer
    curl -s -o "$work/answer" -w '%{http_code}' --cacert "$work/certs/gate-ca.crt" --connect-to "::127.0.0.1:$(<"$work/gate.port")" \
        -H 'Content-Type: application/json' --data-binary @- "https://$gate_name$1"
}

policy 'enforcement: {cluster-empty: warn}'
given "certificates" gate_certificates
given "Prometheus with the chart's alerts, before brgate is there" prometheus_start --set replicas=1
fires BrgateNotServing "no pod has ever started"
fires BrgateReplicaMissing "there should be one"

given "brgate guards the cluster" eval 'watched && gate_register'
then_true "all is quiet" wait_for 180 prometheus_is_quiet

# ---- what users do
when "kubectl create of a bad backup" kubectl create -n default -f <(traversing bad)
then_equal "it is denied" "$code" 1
when "of one with an error that is not enforced" kubectl create -n default -f <(without_a_cluster watched)
then_it_warns "it is stored, with a warning" "Warning: would be denied: spec.br.cluster"
when "of a good one that misses something" kubectl create -n default -f <(backup plain | sed 's/, prefix: plain//')
then_it_passes
then_true "Prometheus has seen it" wait_for 60 prometheus_sees 'brgate_webhook_rule_hits_total{severity="warning"}'

# ---- the dashboard, on the first day
queries() { # of the webhook's panels, with what Grafana puts in place of variables
    jq -r '.panels[].targets[].expr | select(contains("brgate_reconcile_") | not)' charts/brgate/files/dashboard.json | sed 's/\$namespace/.*/g; s/\$job/brgate/g; s/\$__rate_interval/20s/g'
}
empty=
while IFS= read -r query; do
    wait_for 60 prometheus_sees "$query" || empty+=$query$'\n'
done < <(queries)
then_equal "each of the $(queries | wc -l) queries of the dashboard returns data" "$empty" ""
value() { prometheus_value "$1" | sed 's/[.].*//' | xargs; }
then_equal "one denial is counted once" "$(value 'sum(brgate_webhook_rule_hits_total{severity="error", dry_run="false"})')" 1
then_true "all is quiet still" prometheus_is_quiet

# ---- one event each
hold() { # most of a body, and then nothing for a moment
    {
        printf 'POST /validate HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 700000\r\n\r\n' "$gate_name"
        head -c 600000 /dev/zero
        sleep 3
    } | openssl s_client -quiet -connect "127.0.0.1:$(<"$work/gate.port")" -servername "$gate_name" >/dev/null 2>&1
}
turned_away() {
    hold &
    sleep 0.4
    [[ $(bad_review "\"bucket\": \"$(head -c 600000 /dev/zero | tr '\0' x)\"" | ask /validate) == 429 ]]
}
given "two bodies that together take more than all reviews may: one is turned away" wait_for 90 turned_away
fires BrgateShedding "one review was turned away"
without_a_verdict() { [[ $(bad_review "$(printf '"x%s": {"a": [1]}, ' {1..20000}) \"y\": 1" | ask /mutate) == 413 ]]; }
given "one that takes more memory than there is, and gets no verdict" wait_for 90 without_a_verdict
fires BrgateFailing "one review failed"
for _ in {1..30}; do bad_review | ask /validate >/dev/null; done
fires BrgateDenialsSurge "thirty denials on a new install"
policy 'rules: {prefix-mising: error}'
process_signal gate HUP
fires BrgatePolicyNotRead "a misspelt rule"
when "brgate serve --check-config, as the next pod would do first" "$brgate" serve --config "$work/policy.yaml" --self-signed --check-config
then_has "it says what the pod's last words will be" "$code $err" "2 {"
then_has "with the place and the repair" "$err" 'policy.yaml:1:9: unknown rule prefix-mising; did you mean prefix-missing?'
policy 'enforcement: {cluster-empty: warn}'
process_signal gate HUP
cp "$work/certs/gate.key" "$work/gate.key.kept"
cp "$work/certs/gate-ca.key" "$work/certs/gate.key"
process_signal gate HUP
fires BrgateCertificateNotRead "a key that does not match"
cp "$work/gate.key.kept" "$work/certs/gate.key"
process_signal gate HUP

given "brgate dies" process_stop gate
when "kubectl create of a good backup" kubectl create -n default -f <(backup good)
then_has "it is refused" "$err" 'failed calling webhook'
fires BrgateUnreachable "one backup was refused for want of a server"
given "failurePolicy is Ignore" eval 'gate_manifests Ignore | kubectl apply -f -'
slips_in() { kubectl create -n default -f <(traversing slipped); }
given "a bad backup slips in" wait_for 90 slips_in
fires BrgateFailOpen "one backup came in unjudged"

# ---- reviews that take long: of bodies of two megabytes, whose every member is unknown
bad_review "$(printf '"x%s": {"a": [1]}, ' {1..100000}) \"y\": 1" >"$work/long.json"
given "brgate is back" gate_start gate
long_reviews() {
    local end=$((SECONDS + 60))
    while ((SECONDS < end)) && ! prometheus_fires BrgateSlow; do ask /validate <"$work/long.json" >/dev/null; done
}
long_reviews
fires BrgateSlow "they took long for a while"
process_stop gate

# ---- a certificate that is not renewed
mkdir -p "$work/short"
given "one for half a minute" "$brgate" certs make --dir "$work/short" --service brgate --namespace brgate-system --life 34s
given "brgate serves it" gate_start gate --tls-cert "$work/short/tls.crt" --tls-key "$work/short/tls.key"
fires BrgateCertificateInvalid "it has expired"
fires BrgateCertificateEnds "less than a sixth of its life was left, and it was not renewed"
then_equal "the replica is not ready, and says why" "$(curl -s "http://127.0.0.1:$(<"$work/gate.health")/readyz")" "the certificate has expired"
then_true "and so does its log" wait_for 60 grep '"level":"error","event":"certificate".*the certificate has expired' "$work/log/gate"
process_stop gate

# ---- mode self, without rights
account() {
    chart_template brgate --show-only templates/rbac.yaml --set fullnameOverride=brgate
}
given "the account of mode self" eval 'account | kubectl apply -f -'
token=$(kubectl create token brgate -n brgate-system)
sed "s|users: .*|users: [{name: admin, user: {token: $token}}]|" "$work/apiserver.kubeconfig" >"$work/gate.kubeconfig"
keeps() {
    process_start gate "$brgate" serve --listen "127.0.0.1:$(<"$work/gate.port")" --health-listen "127.0.0.1:$(<"$work/gate.health")" \
        --shutdown-delay 0s --certs-secret brgate-system/brgate-tls --certs-service brgate --webhook-configuration brgate --certs-settle 1s \
        --certs-interval 500ms --kubeconfig "$work/gate.kubeconfig"
    wait_for 90 curl -fs "http://127.0.0.1:$(<"$work/gate.health")/readyz"
}
given "brgate keeps its certificate" keeps
given "it may read, and not write any more" eval 'account | sed "s/verbs: .get, \(patch\|update\)./verbs: [get]/" | kubectl apply -f - && rights_are_known'
given "somebody overwrites the caBundle" kubectl patch validatingwebhookconfiguration brgate --type=json \
    -p '[{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": "'"$(certificate_base64 cluster-ca)"'"}]'
fires BrgateBundleMismatch "the API server trusts somebody else"
given "it may not read either" eval 'account | kubectl delete -f - --wait'
fires BrgateCertificateNotKept "the Secret and the configurations are out of reach"

then_equal "these, and one that needs a wrong clock (tests/chart/alerts has it), are all the alerts of the webhook" \
    "$(sort -u "$work/fired" <(echo BrgateClocksDisagree))" "$(sed -n 's/^ *- alert: //p' charts/brgate/files/alerts{,-self}.yaml | sort)"
kubectl delete backup --all -n default >/dev/null 2>&1
kubectl delete secret brgate-tls -n brgate-system --ignore-not-found >/dev/null
process_stop prometheus
gate_down
