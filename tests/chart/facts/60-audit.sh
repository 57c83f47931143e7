# The audit: off by default; its account may do what it asks for, and reads no Secret that is not named.

given "as it comes"
for kind in CronJob ServiceAccount ClusterRole NetworkPolicy; do has_not $kind 'audit'; done

given "audit" --set audit.enabled=true,certificates.mode=files
kinds ClusterRole ClusterRoleBinding CronJob Deployment MutatingWebhookConfiguration NetworkPolicy NetworkPolicy PodDisruptionBudget \
    ResourceQuota Service ServiceAccount ServiceAccount ValidatingWebhookConfiguration
has CronJob 'name: gate-brgate-audit$' 'schedule: "23 4 \* \* \*"' 'concurrencyPolicy: Forbid' 'restartPolicy: Never' '- audit$' '--enforcement=deny$' \
    '--fail-on=never ' '--policy-reports$' '--off=secret-missing,secret-keys$' '--no-config$' 'automountServiceAccountToken: true' 'runAsNonRoot: true' \
    'seccompProfile:' 'allowPrivilegeEscalation: false' 'drop:' '^ *- ALL$' 'readOnlyRootFilesystem: true' 'memory: 256Mi' \
    'app.kubernetes.io/name: brgate-audit$' 'serviceAccountName: gate-brgate-audit$'
has_not CronJob 'app.kubernetes.io/name: brgate$' 'volume' '--config'
has ClusterRole 'resources: \[backups, backupschedules, compactbackups\]' 'resources: \[policyreports\]' 'verbs: \[list, get, create, update, delete\]' \
    'resources: \[subjectaccessreviews\]' 'resources: \[serviceaccounts\]' 'resources: \[clusters\]' 'resources: \[tikvgroups\]' 'resources: \[tidbclusters\]'
has_not ClusterRole 'secrets' '"\*"' '\*' 'watch' 'patch' 'deletecollection' 'escalate' 'impersonate'
object NetworkPolicy gate-brgate-audit <"$work/out" >"$work/one" && mv "$work/one" "$work/out"
has NetworkPolicy 'policyTypes: \[Ingress, Egress\]' 'port: 443' 'port: 6443' 'port: 53, protocol: UDP'
has_not NetworkPolicy 'ingress:' 'port: 8080'

given "the least rights" --set audit.enabled=true,audit.checkNeeds=false,audit.policyReports=false
has CronJob '--off=service-account-missing,service-account-rights,cluster-missing,cluster-too-old,secret-missing,secret-keys$'
has_not CronJob '--policy-reports'
object ClusterRole gate-brgate-audit <"$work/out" >"$work/one" && mv "$work/one" "$work/out"
has_not ClusterRole 'policyreports' 'serviceaccounts' 'subjectaccessreviews' 'clusters' 'secrets'

given "named Secrets" --set 'audit.enabled=true,audit.secretNames={s3-secret,gcs}'
has ClusterRole 'resourceNames: \["s3-secret","gcs"\]'
has_not CronJob '--off'
object ClusterRole gate-brgate-audit <"$work/out" >"$work/one" && mv "$work/one" "$work/out"
checked=$((checked + 1))
grep -A2 'resources: \[secrets\]' "$work/out" | tail -n 1 | grep -qx '    verbs: \[get\]' || wrong "$what" "$(grep -A2 '\[secrets\]' "$work/out")" "get alone"
given "all Secrets" --set 'audit.enabled=true,audit.secretNames={*}'
object ClusterRole gate-brgate-audit <"$work/out" >"$work/one" && mv "$work/one" "$work/out"
has ClusterRole 'resources: \[secrets\]'
has_not ClusterRole 'resourceNames'

given "the audit with everything" --values "$chart/ci/audit-values.yaml"
has CronJob 'schedule: "@hourly"' '--config=/etc/brgate/policy/brgate.yaml$' 'configMap: \{name: gate\}' 'serviceAccountName: gate-auditor$' 'memory: 64Mi' \
    'example.com/team: database' 'example.com/owner: platform' 'kubernetes.io/os: linux' 'key: infra' 'name: registry'
has_not CronJob '--no-config' '--off'

# Every flag that the pod is given exists.
flags=$("$brgate" audit --help | grep -oE -- '--[a-z-]+' | sort -u)
for flag in $(object CronJob <"$work/out" | grep -oE -- '- "?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
    checked=$((checked + 1))
    grep -qx -- "$flag" <<<"$flags" || wrong "flags of the audit" "$flag" "a flag of brgate audit"
done

given "alerts without the audit" --set metrics.rules.enabled=true
has_not PrometheusRule 'BrgateAudit'
given "alerts and the audit" --set metrics.rules.enabled=true,audit.enabled=true,docsUrl=https://git.example.com/brgate/docs
only PrometheusRule gate-brgate-audit
has PrometheusRule 'alert: BrgateAuditFailing' 'cronjob="gate-brgate-audit"' 'namespace="brgate-system"' \
    'runbook_url: https://git.example.com/brgate/docs/runbooks.md#brgateauditfailing$'
has_not PrometheusRule 'RELEASE_' 'alert: BrgateFailing'
