# Story: an audit checks what the backups in a cluster need, and a CronJob's pod keeps PolicyReports (docs/rollout.md)

audit() { "$brgate" audit --kubeconfig "$work/apiserver.kubeconfig" --no-config --namespace audited --format json --fail-on never "$@"; }
in_ns() { kubectl -n audited "$@"; }
found() { # found: the rules that need a cluster, with the objects that they found
    jq -r '.findings[] | select(.rule | test("^(secret|service-account|cluster)-(missing|keys|rights|too-old)$")) | "\(.object.name) \(.rule)"' <<<"$out" | sort
}

given "the definitions of TiDB Operator" eval 'tidb_definitions | kubectl apply -f - &&
    wait_for 60 tidb_definitions_are_known'
given "a namespace" kubectl create namespace audited
log() { backup "$1" "backupMode: log"; }
compaction() {
    cat <<YAML
apiVersion: br.pingcap.com/v1alpha1
kind: CompactBackup
metadata: {name: compaction}
spec:
  startTs: "2026-01-01T00:00:00Z"
  endTs: "2026-01-02T00:00:00Z"
  br: {cluster: demo1}
  s3: {provider: aws, secretName: s3-secret, region: us-west-1, bucket: my-bucket, prefix: stream}
YAML
}
given "a snapshot, a log backup and a compaction" eval '{ backup snapshot; echo ---; log stream; echo ---; compaction; } | in_ns create -f -'

# ---- each of the six rules fires
when "brgate audit, and nothing that they need is there" audit
then_equal "it finds all of it missing" "$code
$(found)" "0
compaction cluster-missing
compaction secret-missing
compaction service-account-missing
snapshot cluster-missing
snapshot secret-missing
snapshot service-account-missing
stream cluster-missing
stream secret-missing
stream service-account-missing"
given "a Secret without a key, an account without a role, and a cluster of v6.1" in_ns apply -f - <<YAML
{apiVersion: v1, kind: Secret, metadata: {name: s3-secret}, stringData: {access_key: hidden-value, secretKey: hidden-value}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: tidb-backup-manager}}
---
{apiVersion: core.pingcap.com/v1alpha1, kind: Cluster, metadata: {name: demo1}, spec: {}}
---
{apiVersion: core.pingcap.com/v1alpha1, kind: TiKVGroup, metadata: {name: demo1}, spec: {cluster: {name: demo1}, template: {spec: {version: v6.1.0}}}}
YAML
when "brgate audit" audit
then_equal "it finds what is wrong with them" "$code
$(found)" "0
compaction cluster-too-old
compaction secret-keys
compaction service-account-rights
snapshot secret-keys
snapshot service-account-rights
stream cluster-too-old
stream secret-keys
stream service-account-rights"
then_equal "and shows no value of the Secret" "$(grep -c hidden-value <<<"$out$err")" 0
given "the key, the role and a new version" in_ns apply -f - <<YAML
{apiVersion: v1, kind: Secret, metadata: {name: s3-secret}, stringData: {secret_key: hidden-value}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: backup}
rules: [{apiGroups: [br.pingcap.com], resources: [backups, backups/status, compactbackups, compactbackups/status], verbs: [get, list, watch, update]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: backup}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: backup}
subjects: [{kind: ServiceAccount, name: tidb-backup-manager, namespace: audited}]
---
{apiVersion: core.pingcap.com/v1alpha1, kind: TiKVGroup, metadata: {name: demo1}, spec: {cluster: {name: demo1}, template: {spec: {version: v9.0.0}}}}
YAML
when "brgate audit" audit
then_equal "it is content" "$code $(found)" "0 "
then_equal "and has asked about everything" "$(jq -c .notChecked <<<"$out")" "[]"

# ---- the CronJob's pod: its command, with its account and no other rights
pod() { # pod [HELM ARGUMENT...]: runs it
    local args
    chart_template gate --set audit.enabled=true,certificates.mode=files --show-only templates/audit.yaml "$@" >"$work/audit.yaml" || return 1
    kubectl apply -f "$work/audit.yaml" >/dev/null && rights_are_known >/dev/null || return 1
    mapfile -t args < <(kubectl get cronjob gate-brgate-audit -n brgate-system -o 'jsonpath={range .spec.jobTemplate.spec.template.spec.containers[0].args[*]}{@}{"\n"}{end}')
    sed "s|users: .*|users: [{name: admin, user: {token: $(kubectl create token gate-brgate-audit -n brgate-system)}}]|" \
        "$work/apiserver.kubeconfig" >"$work/audit.kubeconfig"
    KUBECONFIG=$work/audit.kubeconfig "$brgate" "${args[@]}"
}
reports() { in_ns get polr -l app.kubernetes.io/managed-by=brgate -o json | jq -r '.items[] | "\(.scope.kind) \(.scope.name) \(.summary.fail) \(.summary.warn) \([.results[].policy] | join(","))"' | sort; }
version_of_reports() { kubectl get polr -n audited -o 'jsonpath={.items[*].metadata.resourceVersion}'; }

given "a Backup with an error" eval 'backup wrong "backoffRetryPolicy: {minRetryDuration: 5 minutes}" | in_ns create -f -'
when "the pod runs in a cluster without PolicyReports" pod
then_equal "the Job does not fail" "$code" 0
then_has "its log has the findings" "$out" "backups.br.pingcap.com audited/wrong: error: spec.backoffRetryPolicy.minRetryDuration: Invalid value"
then_has "and says that there are no PolicyReports" "$out" "PolicyReports: none: the cluster does not have policyreports.wgpolicyk8s.io"
given "the definition of PolicyReports" eval 'policy_reports_definition | kubectl apply -f - && wait_for 60 kubectl get polr'
when "the pod runs" pod
then_equal "the Job does not fail, although there are errors" "$code" 0
when "kubectl get polr -o wide" in_ns get polr -o wide
then_equal "shows a report for each object with findings" "$(columns 'KIND NAME PASS FAIL WARN ERROR SKIP' <<<"$out" | sed 's/brgate-[0-9a-f-]* //' | sort)" \
    "$(printf '%s\n' 'Backup wrong 0 1 0 0 0' 'CompactBackup compaction 0 0 1 0 0' 'KIND NAME PASS FAIL WARN ERROR SKIP' | sort)"

then_has "with the finding, its fix and its effect" "$(in_ns get polr -o json | jq -c '.items[] | select(.scope.name == "wrong").results[0] | [.source, .policy, .result, .severity, .properties.fix, .properties.effect]')" \
    '["brgate","retry-duration","fail","high","write 5m","denied"]'
given "a report of another program" eval 'in_ns get polr -o json | jq ".items[0] | .metadata = {name: \"other\", labels: {\"app.kubernetes.io/managed-by\": \"kyverno\"}}" | in_ns create -f -'
before=$(version_of_reports)
when "the pod runs again" pod
then_equal "it writes nothing" "$code $(tail -n 1 <<<"$out") $(version_of_reports)" "0 PolicyReports: 0 written, 2 unchanged, 0 removed $before"

given "another Backup in the same folder, and another error in the first" eval 'backup second | sed "s/prefix: second/prefix: wrong/" | in_ns create -f - &&
    in_ns patch backups.br.pingcap.com wrong --type=merge -p "{\"spec\": {\"s3\": {\"bucket\": \"a..b\"}}}"'
when "the pod runs" pod
then_has "it updates one report" "$(reports)" "Backup wrong 2 0 retry-duration,bucket-syntax"
given "the first is in that folder again" in_ns patch backups.br.pingcap.com wrong --type=merge -p '{"spec": {"s3": {"bucket": "my-bucket"}}}'
when "the pod runs" pod
then_has "what comparing finds is in the report, too" "$(reports)" "Backup wrong 1 1 retry-duration,shared-prefix"
given "someone has changed the report meanwhile" eval 'in_ns label polr -l app.kubernetes.io/managed-by=brgate seen=yes &&
    in_ns delete backups.br.pingcap.com second'
when "the pod runs" pod
then_has "it is written nevertheless" "$(reports)" "Backup wrong 1 0 retry-duration"
given "the error is fixed" in_ns patch backups.br.pingcap.com wrong --type=merge -p '{"spec": {"backoffRetryPolicy": {"minRetryDuration": "5m"}}}'
when "the pod runs" pod
then_equal "it removes the report" "$code $(tail -n 1 <<<"$out") $(reports)" \
    "0 PolicyReports: 0 written, 1 unchanged, 1 removed CompactBackup compaction 0 1 v2-compact-unsupported"
then_true "and no other program's" in_ns get polr other

# ---- as many findings as an object can have
many_filters() { backup many "tableFilter: [$(for i in {1..250}; do printf '"[%s%s", ' "$i" "$(printf '%01500d' 0)"; done)]"; }
given "a Backup with 250 faults, each with a long text" eval 'many_filters | in_ns create -f -'
when "the pod runs" pod
size_of_report() { in_ns get polr -o json | jq -c '.items[] | select(.scope.name == "many") | tojson | length'; }
then_true "its report is stored, with what fits" eval '(($(size_of_report) > 200000 && $(size_of_report) < 400000))'
then_has "and says how many findings do not fit" "$(in_ns get polr -o json | jq -r '.items[] | select(.scope.name == "many").results[-1].message')" \
    "more findings do not fit into this report"
in_ns delete backups.br.pingcap.com many >/dev/null

# ---- the garbage collector
given "a wrong Backup with its report" eval 'backup gone "backoffRetryPolicy: {minRetryDuration: 5 minutes}" | in_ns create -f - && pod && [[ $(reports) == *"Backup gone"* ]]'
given "the Backup is deleted" in_ns delete backups.br.pingcap.com gone
no_report() { [[ $(reports) != *"Backup gone"* ]]; }
then_true "its report goes with it" wait_for 120 no_report

# ---- rights
given "a wrong Backup with its report" eval 'backup wrong2 "backoffRetryPolicy: {minRetryDuration: 5 minutes}" | in_ns create -f - && pod'
when "the pod runs with the Secrets that it may read" pod --set 'audit.secretNames={other-secret}'
then_equal "the Job does not fail" "$code" 0
then_has "and says which right it lacks" "$out" 'must grant the verb "get" on "secrets" of the API group "", resourceName "s3-secret"'
given "the Secret has lost a key" in_ns patch secret s3-secret --type=json -p '[{"op": "remove", "path": "/data/secret_key"}]'
when "the pod runs with the right" pod --set 'audit.secretNames={s3-secret}'
then_has "it finds that" "$(reports)" "Backup snapshot 1 0 secret-keys"
given "the account may list no schedules any more" eval "kubectl get clusterrole gate-brgate-audit -o json |
    jq '.rules[0].resources = [\"backups\"] | (.rules[] | select(.resources == [\"subjectaccessreviews\"]) | .verbs) = [\"get\"]' | kubectl apply -f - && rights_are_known"
when "brgate audit with that account" eval 'KUBECONFIG=$work/audit.kubeconfig "$brgate" audit --no-config --policy-reports --fail-on never'
then_equal "it fails" "$code" 2
then_has "and says which kinds it did not see" "$err" 'a ClusterRole must grant the verb "list" on "compactbackups" of the API group "br.pingcap.com"'
then_has "and what it could not ask" "$out" 'must grant the verb "create" on "subjectaccessreviews" of the API group "authorization.k8s.io"'
then_has "a report of a kind that it did not see stays" "$(reports)" "CompactBackup compaction 1 1 v2-compact-unsupported,secret-keys"

kubectl delete -f "$work/audit.yaml" --ignore-not-found >/dev/null
kubectl delete namespace audited --wait=false >/dev/null
kubectl delete crd policyreports.wgpolicyk8s.io >/dev/null
