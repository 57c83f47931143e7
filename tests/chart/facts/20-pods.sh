# The pods: what Pod Security `restricted` asks for, how they stop, which arguments they get.

for values in minimal self files everything; do
    given "$values" --values "$chart/ci/$values-values.yaml"
    for from in out probe; do
        kind=Deployment
        [[ $from == probe ]] && kind=Pod
        has $kind 'runAsNonRoot: true' 'runAsUser: 65532' 'seccompProfile:' 'type: RuntimeDefault' 'allowPrivilegeEscalation: false' \
            'drop:' '^ *- ALL$' 'readOnlyRootFilesystem: true' 'enableServiceLinks: false'
        has_not $kind 'privileged' 'hostPath' 'hostPID' 'add:'
    done
    unset from
    has ServiceAccount '^automountServiceAccountToken: false'
done

given "as it comes"
has Deployment 'replicas: 2' 'maxUnavailable: 0' 'image: "registry.example.com/brgate:0' 'topologyKey: kubernetes.io/hostname' 'priorityClassName: system-cluster-critical' \
    'httpGet: \{path: /readyz, port: health\}' 'httpGet: \{path: /livez, port: health\}' 'checksum/policy: [0-9a-f]{64}'
has_not Deployment 'hostNetwork' '--config' '--client-ca'
has PodDisruptionBudget 'minAvailable: 1' 'unhealthyPodEvictionPolicy: AlwaysAllow'

# `helm test` asks with an account of its own, which may create Backups in one namespace and read one configuration.
from=probe
has Pod 'image: "registry.example.com/brgate:0' '- probe$' '--namespace=brgate-system$' '--webhook-configuration=gate-brgate$' '--enforcement=deny$' \
    'serviceAccountName: gate-brgate-probe$' 'helm.sh/hook: test$' 'helm.sh/hook-delete-policy: before-hook-creation$'
has_not Pod 'app.kubernetes.io/name'
has Role 'name: gate-brgate-probe$' 'namespace: brgate-system$' 'resources: \[backups\]$' 'verbs: \[create\]$'
has_not Role '\*' 'get'
has ClusterRole 'resourceNames: \[gate-brgate\]$' 'resourceNames: \[brgate-system\]$' 'verbs: \[get\]$'
has_not ClusterRole '\*' 'list' 'patch' 'secrets'
has ValidatingAdmissionPolicy "request.userInfo.username == 'system:serviceaccount:brgate-system:gate-brgate-probe'" 'expression: request.dryRun$'
has ValidatingAdmissionPolicyBinding 'validationActions: \[Deny\]' 'policyName: gate-brgate-probe$'
given "an API server without admission policies" --kube-version 1.29.0
has_not ValidatingAdmissionPolicy '.'
given "no test" --set test.enabled=false
for kind in Pod ServiceAccount Role RoleBinding ClusterRole ClusterRoleBinding ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding; do
    has_not $kind '.'
done
given "another namespace to try" --set test.namespace=team-a,enforcement=warn
has Pod 'namespace: brgate-system$' '--namespace=team-a$' '--enforcement=warn$'
has Role 'namespace: team-a$'
has RoleBinding 'namespace: team-a$' 'namespace: brgate-system\}$'
has ClusterRole 'resourceNames: \[team-a\]$'
given "a policy that may have another enforcement for what is tried" --set policy.rules.prefix-missing=error
has_not Pod '--enforcement'
unset from

# A container with the same flags, files and rights runs before the server, so that a bad policy shows with its reason.
for values in self files everything clouds; do
    given "$values" --values "$chart/ci/$values-values.yaml"
    has Deployment 'name: check-config' '^            - --check-config$' 'terminationMessagePolicy: FallbackToLogsOnError'
    checked=$((checked + 1))
    container() { # container NAME: what it is given
        object Deployment <"$work/out" | awk -v name="$1" '/^        - name: / { inside = $3 == name } /^      [a-z]/ { inside = 0 }
            inside && (/^            - --/ || /mountPath/ || /image:/ || /drop/)'
    }
    (($(container brgate | wc -l) > 12)) || wrong "$values: containers" "$(container brgate)" "more than twelve lines"
    diff <(container check-config | grep -v -- --check-config) <(container brgate) >"$work/said" ||
        wrong "$values: check-config" "$(<"$work/said")" "what the server is given"
done

given "minimal" --values "$chart/ci/minimal-values.yaml"
kinds ClusterRole ClusterRoleBinding Deployment Role RoleBinding Service ServiceAccount "${guard[@]}" ValidatingWebhookConfiguration
has_not Deployment 'priorityClassName' 'resources:'
has_not ValidatingWebhookConfiguration 'delete.brgate.io'

# Where critical classes are limited (GKE), their pods need a quota of their own.
given "as it comes"
has ResourceQuota 'hard: \{pods: "100"\}' 'scopeName: PriorityClass, operator: In, values: \[system-cluster-critical\]'
given "another critical class" --set priorityClassName=system-node-critical,resourceQuota.pods=7
has ResourceQuota 'hard: \{pods: "7"\}' 'values: \[system-node-critical\]'
for values in resourceQuota.enabled=false priorityClassName= priorityClassName=mine; do
    given "no quota: $values" --set "$values"
    has_not ResourceQuota '.'
done

given "one replica" --set replicas=1
has_not PodDisruptionBudget '.'

given "everything" --values "$chart/ci/everything-values.yaml"
has Deployment 'registry.example.com:5000/tidb/brgate@sha256:' '--listen=:10251$' '--health-listen=:9090$' 'max-body=4Mi' \
    'max-connections=1024$' 'max-in-flight=128$' 'review-memory=64Mi$' 'reviews-memory=256Mi$' 'memory: 672Mi$' 'log-format=text' '"--threads=4"' '"--client-name=kube-apiserver"' '--client-ca=/etc/brgate/clients/ca.crt' \
    'configMap: \{name: apiserver-ca\}' '--config=/etc/brgate/policy/brgate.yaml' 'hostNetwork: true' 'ClusterFirstWithHostNet' \
    'serviceAccountName: gate-account' 'name: registry$'
has Service 'port: 8443, targetPort: webhook' 'port: 9090, targetPort: health'

# The grace period is the delay, 30 s for reviews in flight, and slack.
while read -r delay grace; do
    given "shutdownDelay $delay" --set "server.shutdownDelay=$delay"
    has Deployment "terminationGracePeriodSeconds: $grace\$" "shutdown-delay=$delay\$"
done <<'TXT'
0s 50
10s 60
1500ms 52
2m 170
TXT

# The memory limit has room for all that clients can make a server hold, in whatever unit it is written.
given "as it comes"
has Deployment '--max-connections=512$' '--review-memory=200Mi$' '--reviews-memory=200Mi$' 'memory: 424Mi$'
while read -r values; do
    given "memory: $values" --set "$values"
    has Deployment 'reviews-memory='
done <<'TXT'
resources.limits.memory=1Gi
resources.limits.memory=445M
resources.limits.memory=434176Ki
resources.limits.memory=444596224
resources.limits.memory=0.5Gi
resources.limits.memory=null
resources.limits=null
resources=null
server.maxConnections=128,resources.limits.memory=280Mi
server.reviewsMemory=64Mi,server.reviewMemory=64Mi,resources.limits.memory=288Mi
TXT

# The limits that the chart states are the server's own defaults.
for flag in max-body=8Mi max-connections=512 max-in-flight=64 review-memory=200Mi reviews-memory=200Mi; do
    checked=$((checked + 1))
    "$brgate" serve --help | sed -n "/^  --${flag%=*} /,/^  --/p" | grep -Fq "(${flag#*=})" ||
        wrong "brgate serve --help" "$("$brgate" serve --help | grep -- "--${flag%=*} ")" "a default of ${flag#*=}"
done

# Every flag that the pods are given exists.
flags=$("$brgate" serve --help | grep -oE -- '--[a-z-]+' | sort -u)
for values in self cert-manager files everything clouds; do
    given "flags, $values" --values "$chart/ci/$values-values.yaml"
    for flag in $(object Deployment <"$work/out" | grep -oE -- '- "?--[a-z-]+' | grep -oE -- '--[a-z-]+'); do
        checked=$((checked + 1))
        grep -qx -- "$flag" <<<"$flags" || wrong "flags, $values" "$flag" "a flag of brgate serve"
    done
done

# The policy file is one that brgate reads.
given "everything" --values "$chart/ci/everything-values.yaml"
object ConfigMap gate <"$work/out" | sed -n '/^  brgate.yaml: |/,$ s/^    //p' >"$work/policy.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n' >"$work/other.yaml"
said=$("$brgate" lint --config "$work/policy.yaml" "$work/other.yaml" 2>&1) ||
    wrong "the policy file" "$(<"$work/policy.yaml"; echo; echo "$said")" "one that brgate reads"
has ConfigMap 'cleanpolicy-delete: "off"' 'prefix-missing: "error"' 'overridable: \["cluster-empty"\]' 'defaults: documented' \
    'enforcement: \{"storage-multiple":"warn"\}' '- names: \["team-a","dev-\*"\]' '      prefix-missing: "off"' '      enforcement: "warn"' \
    'enforcement: \{"all":"deny","gcs-required":"warn"\}' 'docs: "https://git.example.com/brgate/docs/"'

