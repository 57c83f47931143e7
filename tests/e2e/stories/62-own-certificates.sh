# Story: two replicas keep their certificate themselves, and renew it with its CA under load

if ! replicas_have_an_address; then
    say Note "left out: this machine has no address besides loopback"
    exit 0
fi
rotations=${E2E_ROTATIONS:-3}
given "an API server that looks at endpoints" replicas_apiserver
replicas_behind_a_service

# ---- The rights are the chart's
replicas_keep_their_own

own_start() { # own_start REPLICA
    [[ -f $work/$1.port ]] || { port_free >"$work/$1.port"; port_free >"$work/$1.health"; }
    process_start "$1" "$brgate" serve --listen "$gate_address:$(<"$work/$1.port")" \
        --health-listen "127.0.0.1:$(<"$work/$1.health")" --kubeconfig "$work/own.kubeconfig" --shutdown-delay 5s \
        --certs-secret brgate-system/brgate-tls --certs-service brgate --webhook-configuration brgate \
        --certs-life 30s --certs-settle 2s --certs-interval 500ms
}
own_ready() { curl -fs "http://127.0.0.1:$(<"$work/$1.health")/readyz"; }
own_served() { curl -fs "http://127.0.0.1:$(<"$work/$1.health")/metrics" | sed -n 's/^brgate_webhook_certificate_info{sha256="\(.*\)"} 1/\1/p'; }
own_same() { [[ $(own_served gate) == "$(own_served twin)" ]]; }
own_show() {
    "$brgate" certs show --kubeconfig "$work/own.kubeconfig" --secret brgate-system/brgate-tls --webhook-configuration brgate \
        --server "$gate_address:$(<"$work/gate.port")" --name brgate.brgate-system.svc
}
authorities() {
    kubectl get validatingwebhookconfiguration brgate -o 'jsonpath={.webhooks[0].clientConfig.caBundle}' | base64 -d | grep -c BEGIN
}
own_steps() { curl -fs "http://127.0.0.1:$(<"$work/gate.health")/metrics" "http://127.0.0.1:$(<"$work/twin.health")/metrics" |
    awk -v want="brgate_certs_steps_total{step=\"$1\"}" '$1 == want { sum += $2 } END { print sum + 0 }'; }
own_has_switched() { (($(own_steps switch) >= $1)); }

# ---- The first certificate
own_start gate
own_start twin
for replica in gate twin; do
    then_true "$replica is ready" wait_for 60 own_ready "$replica"
    given "its endpoint" endpoint "$replica" true
done
then_equal "one of them made the Secret" "$(own_steps create)" 1
then_true "both serve the same certificate" wait_for 60 own_same
when "brgate certs show" own_show
then_equal "it finds nothing wrong" "$code$err" 0
then_has "and says whom the API server trusts" "$out" "covers     the server's certificate"
then_true "the API server asks them" wait_for 60 gate_is_asked

# ---- Rotations
load_start default routing
then_true "reviews go on" load_goes_on
first=$(own_served gate)
then_true "$rotations rotations pass" wait_for $((rotations * 25 + 120)) own_has_switched "$rotations"
then_true "both serve the same certificate" wait_for 60 own_same
then_true "another one than at first" test "$first" != "$(own_served gate)"
then_true "the bundles do not grow" test "$(authorities)" -le 3
given "a replica is told to end" replica_leave twin
then_true "it ends by itself" wait_for 60 process_gone twin
own_start twin
then_true "started again it is ready" wait_for 60 own_ready twin
then_equal "with what the Secret holds: it has made none" "$(gate_metric twin 'brgate_certs_steps_total{step="create"}')" 0
given "its endpoint" endpoint twin true
serves_the_secret() { [[ $(curl -fs "http://127.0.0.1:$(<"$work/$1.health")/metrics") == *$'\nbrgate_certs_serving_secret 1\n'* ]]; }
before=$(own_served gate)
given "somebody deletes the Secret" kubectl delete secret brgate-tls -n brgate-system
then_true "it is made anew, and served" wait_for 90 eval '[[ $(own_served gate) != "$before" ]] && serves_the_secret gate &&
    serves_the_secret twin && [[ $(own_show) == *"covers     the server"* ]]'
# As docs/webhook.md says: the commands that begin with `ca=`.
sed -n '/^ca=/,/^done/p' docs/webhook.md | sed 's/gate-brgate/brgate/g' >"$work/only-the-new.sh"
when "all other authorities are taken out of the bundles" source "$work/only-the-new.sh"
then_equal "it passes" "$code$err" 0
then_equal "they hold the new one only" "$(authorities)" 1
then_true "reviews go on" load_goes_on
load_stop
then_equal "of $answers reviews none failed" "$refusals" 0
when "brgate certs show" own_show
then_equal "it finds nothing wrong" "$code$err" 0
then_equal "nothing was refused to the servers" "$(grep -hE '"event":"certificates".*(40[13]|cannot)' "$work"/log/{gate,twin})" ""
then_equal "no key is in the logs" "$(grep -c 'PRIVATE' "$work"/log/{gate,twin} | cut -d : -f 2 | sort -u)" 0

for process in gate twin; do process_stop "$process"; done
{
    chart_account | kubectl delete -f -
    kubectl delete mutatingwebhookconfiguration,validatingwebhookconfiguration brgate
    kubectl delete secret brgate-tls -n brgate-system
} >/dev/null 2>&1
process_stop routing
