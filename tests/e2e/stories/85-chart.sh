# Story: helm installs the chart, and what it installs holds

chart=charts/brgate
helm() { "$bin/helm" --kubeconfig "$work/apiserver.kubeconfig" --namespace brgate-system "$@"; }

# What this cluster has no definitions for.
without_foreign_kinds() {
    awk -v RS='---\n' '!/\napiVersion: (cert-manager.io|monitoring.coreos.com)\// { printf "---\n%s", $0 }'
}

gate_self() {
    local port health
    port=$(<"$work/gate.port") health=$(<"$work/gate.health")
    process_start gate "$brgate" serve --listen "127.0.0.1:$port" --health-listen "127.0.0.1:$health" --shutdown-delay 0s \
        --certs-secret brgate-system/brgate-tls --certs-service brgate --webhook-configuration brgate --certs-settle 1s \
        --certs-interval 100ms --kubeconfig "$work/gate.kubeconfig"
    wait_for 90 curl -fs "http://127.0.0.1:$health/readyz" && wait_for 90 gate_is_asked
}

# ---- what is rendered
when "tests/chart/run: facts about what is rendered, and values that must be refused" env HELM="$bin/helm" tests/chart/run "$brgate"
then_equal "all hold" "$code $(sed 's/.*checks, //' <<<"$out")" "0 0 failed"
given "namespaces where Pod Security restricted is enforced" kubectl label --overwrite namespace brgate-system \
    pod-security.kubernetes.io/enforce=restricted pod-security.kubernetes.io/warn=restricted
given "the namespace that ci/reconciler-values.yaml names" kubectl create namespace team-a
given "the accounts of the pods of helm test, which a dry run does not leave" eval '
    kubectl create serviceaccount gate-probe -n brgate-system && kubectl create serviceaccount gate-brgate-probe -n brgate-system'
for file in "$chart"/ci/*-values.yaml; do
    name=$(basename "$file" -values.yaml)
    chart_template gate --values "$file" --set crds.enabled=false,hostNetwork=false 2>&1 | without_foreign_kinds >"$work/rendered"
    when "helm template --values ci/$name-values.yaml | kubectl apply --server-side --dry-run=server" \
        kubectl apply --server-side --dry-run=server -f "$work/rendered"
    then_equal "the API server has no fault to find, and Pod Security neither" "$code $err" "0 "
    then_true "each of the objects was looked at" test "$(grep -c 'server dry run' <<<"$out")" -eq "$(grep -c '^kind: ' "$work/rendered")"
done
given "they are gone" kubectl delete serviceaccount gate-probe gate-brgate-probe -n brgate-system

# ---- what is installed
install=(--set image.repository=brgate,fullnameOverride=brgate,certificates.mode=files,crds.enabled=true --wait=false)
kubectl delete service brgate -n brgate-system --ignore-not-found >/dev/null # of type ExternalName, from stories before
when "helm install --take-ownership" helm install gate "$chart" --take-ownership "${install[@]}"
then_it_passes
stored=$(kubectl get secret sh.helm.release.v1.gate.v1 -n brgate-system -o jsonpath='{.data.release}' | base64 -d | wc -c)
then_true "what helm keeps of it, $stored bytes, is far below a Secret's 1 MiB" test "$stored" -lt 600000
kubectl patch validatingwebhookconfiguration brgate --type=json \
    -p '[{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": "'"$(certificate_base64 cluster-ca)"'"}]' >/dev/null
when "helm upgrade, after the servers have written the caBundle" helm upgrade gate "$chart" "${install[@]}" --set webhook.timeoutSeconds=7
then_equal "their bundle stays" "$(kubectl get validatingwebhookconfiguration brgate \
    -o jsonpath='{.webhooks[0].timeoutSeconds} {.webhooks[0].clientConfig.caBundle}')" "7 $(certificate_base64 cluster-ca)"
beside=(--set image.repository=brgate,crds.enabled=false,webhook.failurePolicy=Ignore --wait=false)
when "helm install of another release beside it, in the same namespace" helm install beside "$chart" "${beside[@]}"
then_it_passes
owned() { kubectl get deployment,service,serviceaccount,poddisruptionbudget,networkpolicy,resourcequota,role,rolebinding -n brgate-system -o name |
    grep -E "/$1(-probe)?\$" | wc -l; }
then_equal "each has objects of its own" "$(owned brgate) $(owned beside-brgate)" "9 11" # mode files needs no rights
given "it is gone" helm uninstall beside
then_equal "with its own objects only" "$(owned brgate) $(owned beside-brgate)" "9 0"
when "helm uninstall" helm uninstall gate
then_it_passes
then_equal "the definitions stay, and every object with them" "$(kubectl get crd -o name | grep -cE "/(backups|backupschedules|compactbackups)[.]")" 6

# ---- each release has a Secret of its own, and keeps the one it had
second=(--set image.repository=brgate,certificates.mode=files,webhook.failurePolicy=Ignore --wait=false)
kubectl delete secret brgate-tls -n brgate-system --ignore-not-found >/dev/null
secret_of_second() { kubectl get deployment second-brgate -n brgate-system -o jsonpath='{.spec.template.spec.volumes[0].secret.secretName}'; }
given "another release" helm install second "$chart" "${second[@]}"
then_equal "its Secret is named after it" "$(secret_of_second)" second-brgate-tls
given "a Secret of the name that all releases had before" kubectl create secret generic brgate-tls -n brgate-system
when "helm upgrade" helm upgrade second "$chart" "${second[@]}"
then_equal "it goes on with that" "$(secret_of_second)" brgate-tls
given "a Secret of its own name as well" kubectl create secret generic second-brgate-tls -n brgate-system
when "helm upgrade" helm upgrade second "$chart" "${second[@]}"
then_equal "it goes on with its own" "$(secret_of_second)" second-brgate-tls
given "it is gone" eval 'helm uninstall second && kubectl delete secret brgate-tls second-brgate-tls -n brgate-system'

# ---- the webhook configurations, with a server behind them
given "a server with a certificate of ours" eval 'gate_certificates && gate_start gate'
gate_manifests Fail | sed '/^---$/,$d' >"$work/service.yaml" # of type ExternalName
given "the chart's configurations in front of it" eval 'kubectl apply -f "$work/service.yaml" &&
    chart_template gate --show-only templates/webhooks.yaml --set fullnameOverride=brgate,service.port=$(<"$work/gate.port") \
        --set certificates.mode=files,certificates.caBundle="$gate_bundle" >"$work/registration.yaml" &&
    kubectl apply -f "$work/registration.yaml"; wait_for 90 gate_is_asked'
older() { backup "$@" | sed 's/br.pingcap.com/pingcap.com/'; }
given "a backup of the older group, where status is a part of the object" kubectl create -n default -f <(older before)
when "kubectl create of a bad backup" kubectl create -n default -f <(backup bad "backupMode: log" "logSubcommand: log-stop")
then_has "it is refused" "$err" "[log-create-with-stop]"
asked=$(gate_metric gate brgate_webhook_requests_total)
when "the operator writes a status" kubectl patch backups.pingcap.com before -n default --type=merge -p '{"status":{"phase":"Running"}}'
then_equal "the webhook is not asked about it" "$code $(gate_metric gate brgate_webhook_requests_total)" "0 $asked"

given "the server dies" process_stop gate
when "the operator writes a status" kubectl patch backups.pingcap.com before -n default --type=merge -p '{"status":{"phase":"Complete"}}'
then_it_passes "what runs is not disturbed"
when "the operator adds its finalizer" kubectl patch backups.pingcap.com before -n default --type=merge \
    -p '{"metadata":{"finalizers":["tidb.pingcap.com/backup-protection"]}}'
then_it_passes
when "somebody edits the spec" kubectl patch backups.pingcap.com before -n default --type=merge -p '{"spec":{"s3":{"prefix":"other"}}}'
then_has "that waits for a server" "$err" 'failed calling webhook'
when "kubectl delete" kubectl delete backups.pingcap.com before -n default --wait=false
then_it_passes "deletions are not held up"
when "the operator removes its finalizer" kubectl patch backups.pingcap.com before -n default --type=merge -p '{"metadata":{"finalizers":null}}'
then_it_passes "and it is gone"

# ---- mode self, with no other rights than the chart gives
given "what mode self installs" eval 'kubectl delete -f "$work/registration.yaml" &&
    chart_template gate --set fullnameOverride=brgate,service.port=$(<"$work/gate.port") --show-only templates/webhooks.yaml \
        --show-only templates/rbac.yaml --show-only templates/guard.yaml >"$work/registration.yaml" && kubectl apply -f "$work/registration.yaml" && rights_are_known'
token=$(kubectl create token brgate -n brgate-system)
sed "s|users: .*|users: [{name: admin, user: {token: $token}}]|" "$work/apiserver.kubeconfig" >"$work/gate.kubeconfig"
may() { kubectl auth can-i "$@" -n brgate-system --as=system:serviceaccount:brgate-system:brgate 2>/dev/null; }
then_equal "its account may read its Secret, and no other, and list none" \
    "$(may get secret/brgate-tls) $(may get secret/other) $(may list secrets) $(may delete secret/brgate-tls)" "yes no no no"
then_equal "and patch its own webhook configurations only" \
    "$(may patch validatingwebhookconfiguration/brgate) $(may patch validatingwebhookconfiguration/other)" "yes no"
given "a server with that account makes its certificate, and is believed" gate_self
when "kubectl create of a bad backup" kubectl create -n default -f <(backup bad "backupMode: log" "logSubcommand: log-stop")
then_has "it is refused" "$err" "[log-create-with-stop]"
process_stop gate

# ---- the admission policy, while no server answers
kubectl delete -f "$work/registration.yaml" >/dev/null 2>&1
given "a backup from before the policy that breaks it" eval 'wait_for 90 kubectl create --dry-run=server -n default -f <(backup x) &&
    kubectl create -n default -f <(backup old | sed "s/prefix: old/prefix: a\/..\/b/")'
given "the chart's admission policy" eval 'chart_template gate --show-only templates/admission-policy.yaml \
    --set fullnameOverride=brgate,admissionPolicy.enabled=true >"$work/policy.yaml" && kubectl apply -f "$work/policy.yaml"'
policy_warnings() { kubectl get validatingadmissionpolicy brgate -o jsonpath="{.status.$1}"; }
test_typed() { [[ $(policy_warnings observedGeneration) == 1 ]]; }
given "the controllers have looked at its expressions" wait_for 90 test_typed
then_equal "and find no fault with their types" "$(policy_warnings typeChecking.expressionWarnings)" ""
two_storages() { backup "$1" "gcs: {projectId: demo, bucket: other, prefix: nightly}"; }
refused() { ! kubectl create --dry-run=server -n default -f <(two_storages bad); }
given "it is in force" wait_for 90 refused
when "kubectl create of a backup with two storages" kubectl create -n default -f <(two_storages bad)
then_it_is_refused "in these words" <<'TXT'
The backups "bad" is invalid: : ValidatingAdmissionPolicy 'brgate' with binding 'brgate' denied request: only one of s3, gcs, azblob and local is used; remove the others [storage-multiple]
TXT
when "kubectl create of a good one" kubectl create --dry-run=server -n default -f <(backup good)
then_it_passes
when "kubectl apply --server-side of one that is born deleted" kubectl apply --dry-run=server --server-side -n default \
    -f <(two_storages born | sed 's|{name: born}|{name: born, deletionTimestamp: "2020-01-01T00:00:00Z"}|')
then_has "it is refused like any other" "$err" "[storage-multiple]"
when "kubectl label of the one from before" kubectl label backup old -n default tier=gold
then_it_passes "what was there before is left alone"
when "an edit of another field of it" kubectl patch backup old -n default --type=merge -p '{"spec":{"cleanPolicy":"Retain"}}'
then_it_passes "it is not this update's doing"
when "an edit that adds another fault" kubectl patch backup old -n default --type=merge -p '{"spec":{"br":{"cluster":""}}}'
then_has "that is refused" "$err" "[cluster-empty]"

# ---- it never refuses what brgate allows: every example of every rule is shown to both
mkdir -p "$work/examples"
for file in tests/rules/cases/*/*.yaml; do cp "$file" "$work/examples/$(basename "$(dirname "$file")").$(basename "$file")"; done
kubectl create namespace tidb >/dev/null 2>&1
refusals() { # refusals LISTED-BY: sorted lines "FILE [slug]", one for each refusal and rule
    kubectl create --dry-run=server --validate=ignore -f "$work/examples" 2>&1 >/dev/null | awk -v by="$1" '
        /^Warning: / { next }
        match($0, /error when creating "[^"]*"/) { file = substr($0, RSTART + 21, RLENGTH - 22); sub(/.*\//, "", file) }
        { ours = ours && !/^Error/ || $0 ~ by }
        { for (rest = $0; ours && match(rest, /\[[a-z0-9-]+\]/); rest = substr(rest, RSTART + RLENGTH)) print file, substr(rest, RSTART, RLENGTH) }' |
        sort
}
refusals ValidatingAdmissionPolicy >"$work/by-policy"
then_true "the policy refuses examples of $(cut -d ' ' -f 2 "$work/by-policy" | sort -u | wc -l) rules" \
    test "$(cut -d ' ' -f 2 "$work/by-policy" | sort -u | wc -l)" -ge 35
taken() { ! refused; }
given "the policy goes, and brgate comes" eval 'kubectl delete -f "$work/policy.yaml" && wait_for 90 taken && gate_up'
refusals brgate.io >"$work/by-brgate"
then_equal "brgate refuses each of the $(wc -l <"$work/by-policy") too, for the same rule" \
    "$(comm -23 "$work/by-policy" "$work/by-brgate")" ""

kubectl delete backup --all -n default >/dev/null 2>&1
kubectl label namespace brgate-system pod-security.kubernetes.io/enforce- pod-security.kubernetes.io/warn- >/dev/null
gate_down
