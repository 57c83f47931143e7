# The controller: off by default; its pods are not the webhook's, and its account may do what the controller asks for.

given "as it comes"
for kind in Deployment ServiceAccount ClusterRole Role NetworkPolicy PodDisruptionBudget; do has_not $kind 'reconciler'; done

given "reconciler" --set reconciler.enabled=true,certificates.mode=files
kinds ClusterRole ClusterRoleBinding ConfigMap Deployment Deployment MutatingWebhookConfiguration NetworkPolicy NetworkPolicy PodDisruptionBudget \
    PodDisruptionBudget ResourceQuota Role RoleBinding Service ServiceAccount ServiceAccount ValidatingWebhookConfiguration
only() { # only KIND NAME: the rest of the facts is about that object
    object "$1" "$2" <"$work/out" >"$work/one" && mv "$work/one" "$work/out"
}
only Deployment gate-brgate-reconciler
has Deployment 'replicas: 2 ' '- reconcile$' 'kinds=backupschedules.br.pingcap.com,compactbackups.br.pingcap.com$' \
    'lease=brgate-system/gate-brgate-reconciler$' '--listen=:8080$' 'timezone=UTC$' 'runAsNonRoot: true' 'runAsUser: 65532' \
    'seccompProfile:' 'type: RuntimeDefault' 'allowPrivilegeEscalation: false' 'drop:' '^ *- ALL$' \
    'readOnlyRootFilesystem: true' 'enableServiceLinks: false' 'automountServiceAccountToken: true' 'path: /readyz' 'path: /livez' \
    'app.kubernetes.io/name: brgate-reconciler$' 'maxUnavailable: 0' '--config=/etc/brgate/policy/brgate.yaml$'
has_not Deployment 'app.kubernetes.io/name: brgate$' '--namespace' '--dry-run' '--manager-image'

# A release that handles a kind does not warn that the kind has no controller.
given "rules" --set reconciler.enabled=true,policy.rules.all=warn
only ConfigMap gate-brgate
has ConfigMap 'v2-schedule-unsupported: "off"' 'v2-compact-unsupported: "off"' 'all: "warn"'
given "rules, for one kind" --set 'reconciler.enabled=true,reconciler.kinds={compactbackups.br.pingcap.com}'
only ConfigMap gate-brgate
has ConfigMap 'v2-compact-unsupported: "off"'
has_not ConfigMap 'v2-schedule-unsupported'
given "rules that are set" --set reconciler.enabled=true,policy.rules.v2-schedule-unsupported=error
only ConfigMap gate-brgate
has ConfigMap 'v2-schedule-unsupported: "error"'
given "rules of a dry run" --set reconciler.enabled=true,reconciler.dryRun=true
has_not ConfigMap 'unsupported'

given "rights" --set reconciler.enabled=true
only ClusterRole gate-brgate-reconciler-backups
has ClusterRole 'apiGroups: \[br.pingcap.com\]' 'resources: \[backups/status, backupschedules/status, compactbackups/status\]' \
    'resources: \[jobs\]' 'resources: \[pods\]' 'resources: \[secrets\]' 'resources: \[clusters, pdgroups, tikvgroups\]'
has_not ClusterRole 'deployments' '\[pingcap.com\]' '"\*"' '\*' 'escalate' 'impersonate' 'deletecollection' 'pods/exec' 'pods/log' 'leases'
# Secrets are read by name only: the account cannot list them.
checked=$((checked + 1))
grep -A1 'resources: \[secrets\]' "$work/out" | grep -qx '    verbs: \[get\]' || wrong "$what" "$(grep -A1 secrets "$work/out")" "get alone"

given "rights in a namespace, for the older group" --set 'reconciler.enabled=true,reconciler.namespace=team-a,reconciler.kinds={backupschedules.pingcap.com}'
only Role gate-brgate-reconciler-backups
has Role 'namespace: team-a' 'apiGroups: \[pingcap.com\]' 'resources: \[tidbclusters\]' \
    'resources: \[deployments\]' # is there an operator?
has_not Role 'br.pingcap.com' 'core.pingcap.com'

given "network" --set reconciler.enabled=true,reconciler.pdPorts='{2379,2479}'
only NetworkPolicy gate-brgate-reconciler
has NetworkPolicy 'port: 8080' 'port: 443' 'port: 6443' 'port: 2379' 'port: 2479' 'port: 53, protocol: UDP'

given "disruption" --set reconciler.enabled=true,reconciler.replicas=1
for name in gate-brgate-reconciler; do object PodDisruptionBudget $name <"$work/out" >"$work/one"; done
checked=$((checked + 1))
[[ ! -s $work/one ]] || wrong "$what" "$(<"$work/one")" "no budget for one replica"

given "the controller with everything" --values "$chart/ci/reconciler-values.yaml"
only PrometheusRule gate-reconciler
has PrometheusRule 'alert: BrgateScheduleOverdue' 'alert: BrgatePitrLag' 'alert: BrgateLogBackupPaused' 'job="brgate-system/gate-reconciler"' \
    'runbook_url: https://git.example.com/brgate/docs/runbooks.md#brgatepitrlag$'
has_not PrometheusRule 'RELEASE_'
given "the controller with everything" --values "$chart/ci/reconciler-values.yaml"
has PodMonitor 'port: health' 'interval: 15s' 'release: prometheus'
only Deployment gate-reconciler
has Deployment '--namespace=team-a$' '--manager-image=registry.example.com/backup-manager:v2$' '--dry-run$' \
    '--config=/etc/brgate/policy/brgate.yaml' 'timezone=Europe/Berlin$'

# Every flag that the pods are given exists.
flags=$("$brgate" reconcile --help | grep -oE -- '--[a-z-]+' | sort -u)
for flag in $(grep -oE -- '- "?--[a-z-]+' "$work/out" | grep -oE -- '--[a-z-]+'); do
    checked=$((checked + 1))
    grep -qx -- "$flag" <<<"$flags" || wrong "flags of the controller" "$flag" "a flag of brgate reconcile"
done
