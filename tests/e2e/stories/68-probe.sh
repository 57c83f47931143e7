# Story: helm test shows whether the webhook works, and if not, why

if ! pods_can_run; then
    say Note "left out: only root can give pods a network"
    exit 0
fi
given "an API server that looks at endpoints, and a node" pods_cluster
chart=(charts/brgate --set image.repository=brgate --set server.shutdownDelay=1s)
probe=gate-brgate-probe
try() { # try WHAT: helm test
    when "$1" helm test gate --timeout 300s
    said=$(kubectl logs -n brgate-system "$probe" 2>/dev/null)
}
then_it_says() { # then_it_says TEXT PART: helm test fails, and the pod's log has this
    then_equal "helm test fails" "$code" 1
    then_has "$1" "$said" "$2"
}
none_is_left() { local names && names=$(kubectl get pods -n brgate-system -l app.kubernetes.io/name=brgate -o name) && [[ ! $names ]]; }
upgrade() { helm upgrade gate "${chart[@]}" --reset-then-reuse-values --wait --timeout 300s "$@"; }
configuration() { kubectl patch validatingwebhookconfiguration gate-brgate --type=json -p "$1"; }

# ---- it works
given "helm install with enforcement=warn" helm install gate "${chart[@]}" --set enforcement=warn --wait --timeout 300s
when "helm test --logs" helm test gate --timeout 300s --logs
then_equal "it passes" "$code" 0
then_has "it says what the webhook does" "$out" \
    "a bad Backup was admitted with the warning that it would be denied (enforcement warn), a good one admitted"
then_equal "it says it once" "$(grep -c '^namespace ' <<<"$out")" 1
when "its account creates a Backup that is no dry run" kubectl create -n brgate-system -f <(backup stored) \
    --as="system:serviceaccount:brgate-system:$probe"
then_has "it may not" "$err" "this account may create Backups as dry runs only"
given "helm upgrade to enforcement=deny" upgrade --set enforcement=deny
when "helm test --logs" helm test gate --timeout 300s --logs
then_equal "it passes" "$code" 0
then_has "it says so" "$out" "namespace brgate-system: a bad Backup was denied, a good one admitted"
then_equal "nothing was stored" "$(kubectl get backups.br.pingcap.com -n brgate-system -o name)" ""

# ---- it does not
bundle=$(kubectl get validatingwebhookconfiguration gate-brgate -o 'jsonpath={.webhooks[0].clientConfig.caBundle}')
given "servers whose rights to repair the caBundle are gone, and another authority in it" eval '
    kubectl delete clusterrolebinding gate-brgate && rights_are_known &&
    configuration "[{\"op\": \"replace\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"$(certificate_base64 cluster-ca)\"}]"'
try "helm test"
then_it_says "it says whom the API server does not trust" "the API server cannot call the webhook: the caBundle is not of the authority"
given "the servers' authority in the caBundle, and no server" eval '
    configuration "[{\"op\": \"replace\", \"path\": \"/webhooks/0/clientConfig/caBundle\", \"value\": \"$bundle\"}]" &&
    kubectl scale deployment/gate-brgate -n brgate-system --replicas=0 && wait_for 240 none_is_left'
try "helm test"
then_it_says "it says that none is ready" "the API server cannot call the webhook: no server is ready"
given "failurePolicy Ignore" configuration '[{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]'
try "helm test"
then_it_says "it says what the API server does not" "the servers could not be called, and with failurePolicy Ignore the API server does not say so"
given "two servers again, which enforce in team-* only" upgrade --set replicas=2,enforcement=warn \
    --set-json 'policy.namespaces=[{"names": ["team-*"], "enforcement": "deny"}]'
given "no webhook for the servers' own namespace" eval 'kubectl create namespace team-b; upgrade --set "webhook.excludeNamespaces={brgate-system}"'
try "helm test"
then_it_says "it says what leaves the namespace out" 'its namespaceSelector {"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"NotIn","values":["brgate-system"]}]} leaves out the namespace'
given "a namespace that is judged" upgrade --set test.namespace=team-b
when "helm test --logs" helm test gate --timeout 300s --logs
then_equal "it passes" "$code" 0
then_has "it says what is enforced there" "$out" "namespace team-b: a bad Backup was denied, a good one admitted"

# ---- by hand
by_hand() { "$brgate" probe --kubeconfig "$work/routing.kubeconfig" --webhook-configuration gate-brgate --wait 3s "$@"; }
when "brgate probe --enforcement deny where the policy only warns" by_hand --namespace default --enforcement deny
then_equal "it fails" "$code" 1
then_has "it says which servers do not enforce" "$err" "the servers run with enforcement warn, at least for this namespace"
unjudged() { local said && said=$(kubectl create --dry-run=server -n default -f <(backup bad "backupMode: log" "logSubcommand: log-stop") 2>&1) && [[ $said != *Warning:* ]]; }
given "the configuration is deleted" eval 'kubectl delete validatingwebhookconfiguration gate-brgate && wait_for 60 unjudged'
when "brgate probe" by_hand --namespace default
then_has "it says that nothing is registered" "$code $err" "1 brgate probe: namespace default: a bad Backup was admitted, and the webhook has not judged it: there is no ValidatingWebhookConfiguration gate-brgate"

given "it is over" eval 'helm uninstall gate; kubectl delete pod gate-brgate-probe -n brgate-system --ignore-not-found; kubectl delete secret gate-brgate-tls -n brgate-system; kubectl delete namespace team-b --wait=false
    wait_for 240 none_is_left'
pods_end
