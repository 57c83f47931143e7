# Story: the chart's own pods run from the image, and reviews continue through changes of policy and certificate

if ! pods_can_run; then
    say Note "left out: only root can give pods a network"
    exit 0
fi
given "an API server that looks at endpoints, and a node" pods_cluster
chart=(charts/brgate --set image.repository=brgate --set server.shutdownDelay=5s)
pods() { kubectl get pods -n brgate-system -l app.kubernetes.io/name=brgate "$@"; }
rolled_out() { kubectl rollout status deployment/gate-brgate -n brgate-system --timeout=300s; }
of_each_pod() { # of_each_pod METRIC: its values, sorted
    local address
    for address in $(pods -o 'jsonpath={.items[*].status.podIP}'); do
        curl -fs "http://$address:8080/metrics" | sed -n "s/^brgate_webhook_$1 //p; s/^brgate_webhook_$1{sha256=\"\(.*\)\"} 1/\1/p"
    done | sort | uniq -c | awk '{ print $1, $2 }'
}
in_each_pod() { [[ $(of_each_pod "$1") == "2 $2" ]]; }
none_is_left() { local names && names=$(pods -o name) && [[ ! $names ]]; }
two_are_left() { [[ $(pods -o name | wc -l) == 2 ]]; }
bad() { backup bad "backupMode: log" "logSubcommand: log-stop"; }
served() { pods -o "jsonpath={.items[*].status.containerStatuses[0].$1}"; }
is_judged() { [[ $(kubectl create --dry-run=server -n default -f <(bad) 2>&1) == *'[log-create-with-stop]'* ]]; }

# ---- as it comes: the servers make their certificate
when "helm install" helm install gate "${chart[@]}" --set policy.rules.prefix-missing=warn --wait --timeout 300s
then_it_passes "both pods become ready"
then_true "the API server reaches them through the Service" wait_for 240 is_judged
pod=$(pods -o 'jsonpath={.items[0].metadata.name}')
when "kubectl logs" kubectl logs -n brgate-system "$pod"
then_has "it shows the server's log" "$out" '"event":"started"'
server() { pgrep -s "$(process_id kubelet)" -f '^/usr/bin/brgate serve --listen=:8443' | head -n 1; } # of this run
then_equal "it runs as process 1, as the image's user, and gains no rights" "$(awk '/^(NSpid|Uid|NoNewPrivs|CapEff):/ { print $NF }' "/proc/$(server)/status" | xargs)" \
    "65532 1 0000000000000000 1"

# ---- a policy that cannot be read
given "a misspelt rule in the ConfigMap" kubectl patch configmap gate-brgate -n brgate-system --type=merge \
    -p '{"data": {"brgate.yaml": "rules: {prefix-mising: error}\n"}}'
then_true "the servers say that the file is not what they go by" wait_for 240 in_each_pod policy_matches_file 0
given "one of the pods is deleted" kubectl delete pod "$pod" -n brgate-system
why() { pods -o 'jsonpath={.items[*].status.initContainerStatuses[*].state.terminated.message}'; }
says_why() { [[ $(why) =~ brgate.yaml:[12]:[39]': unknown rule prefix-mising; did you mean prefix-missing?' ]]; }
then_true "the next one does not start, and its status says why" wait_for 240 says_why
then_true "the other one answers" is_judged
given "helm upgrade, which restores the policy" helm upgrade gate "${chart[@]}" --set policy.rules.prefix-missing=warn
then_true "both pods are ready again" wait_for 240 eval 'in_each_pod policy_matches_file 1 && [[ $(served ready) == "true true" ]]'

when "helm upgrade with a policy that helm is told not to check" helm upgrade gate "${chart[@]}" --skip-schema-validation \
    --set policy.rules.prefix-mising=error --wait --timeout 15s
then_equal "it fails" "$code" 1
then_true "the new pod says why" wait_for 240 says_why
then_equal "the old pods stay, and are ready" "$(pods -o 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}' | tr ' ' '\n' |
    grep -c True)" 2
then_true "and answer" is_judged
given "helm rollback" eval 'helm rollback gate --wait --timeout 300s && wait_for 240 two_are_left'

# ---- servers that die, and servers that are told to go
restarts() { served restartCount | tr ' ' '\n' | awk '{ sum += $1 } END { print sum }'; }
before=$(restarts)
when "the kernel kills a server" eval 'kill -KILL "$(server)"'
restarted() { (($(restarts) == before + 1)) && [[ $(served ready) == "true true" ]]; }
then_true "it starts again, and is ready" wait_for 240 restarted
given "reviews" eval 'load_start default routing && load_goes_on 50'
when "kubectl rollout restart" eval 'kubectl rollout restart deployment/gate-brgate -n brgate-system && rolled_out && wait_for 240 two_are_left'
then_equal "both pods are replaced" "$code $(served restartCount)" "0 0 0"
then_true "reviews continue" load_goes_on
load_stop
then_equal "of $answers reviews none failed while pods came and went" "$refusals" 0

# ---- a certificate that arrives through the volume
given "a certificate of ours in the Secret" eval '
    certificate_make files-ca /CN=files-ca
    certificate_for() { AUTHORITY=files-ca certificate_make files /CN=gate DNS:gate-brgate.brgate-system.svc; }
    certificate_for && helm uninstall gate --wait && wait_for 240 none_is_left && kubectl delete secret gate-brgate-tls -n brgate-system
    kubectl create secret tls gate-brgate-tls -n brgate-system --cert="$work/certs/files.crt" --key="$work/certs/files.key"'
when "helm install in mode files" helm install gate "${chart[@]}" --wait --timeout 300s \
    --set "certificates.mode=files,certificates.caBundle=$(certificate_base64 files-ca)"
then_it_passes "both pods become ready"
then_equal "they hold no token" "$(pods -o 'jsonpath={.items[*].spec.volumes[*].name}')" "tls tls"
fingerprint() { openssl x509 -in "$work/certs/files.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f; }
then_true "they serve it" wait_for 240 in_each_pod certificate_info "$(fingerprint)"
given "reviews" eval 'wait_for 240 is_judged && load_start default routing && load_goes_on 50'
given "the next certificate in the Secret" eval 'certificate_for && kubectl create secret tls gate-brgate-tls -n brgate-system --cert="$work/certs/files.crt" \
    --key="$work/certs/files.key" --dry-run=client -o yaml | kubectl apply -f -'
then_true "both serve that" wait_for 240 in_each_pod certificate_info "$(fingerprint)"
then_equal "without a restart" "$(served restartCount)" "0 0"
then_true "reviews continue" load_goes_on

# ---- the end
when "helm uninstall" helm uninstall gate
then_it_passes
then_true "all pods end" wait_for 240 none_is_left
load_stop
then_equal "of $answers reviews none failed" "$refusals" 0
stopped() { grep -l '"event":"stopped"' "$work/kubelet/containerLogs/brgate-system"/*/brgate | wc -l; }
then_equal "each server says that it has stopped" "$(stopped)" "$(ls -d "$work"/kubelet/containerLogs/brgate-system/*/brgate | wc -l)"
kubectl delete secret gate-brgate-tls -n brgate-system >/dev/null
pods_end
