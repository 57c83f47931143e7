# The differences between clouds: addresses, ids, names, networks, monitoring.

# Every address, whichever families the node has.
given "as it comes"
has Deployment '--listen=:8443$' '--health-listen=:8080$' '--log-level=info$' 'maxUnavailable: 0' 'maxSurge: 1'
has_not Deployment 'env:'
has Service 'type: ClusterIP'
has_not Service 'ipFamil' 'annotations:'
has_not ValidatingWebhookConfiguration 'url:' 'namespaceSelector' 'annotations:'
has_not PodMonitor '.'

# With the node's network, two pods do not fit on one node.
given "the node's network" --set hostNetwork=true
has Deployment 'maxUnavailable: 1' 'maxSurge: 0'

given "clouds" --values "$chart/ci/clouds-values.yaml"
has Deployment '--listen=0.0.0.0:8443$' '--health-listen=0.0.0.0:8080$' '--log-level=warning$' '--certs-name=brgate.example.com$' \
    '--certs-service=gate-brgate$' 'runAsNonRoot: true' 'type: RuntimeDefault'
has_not Deployment 'runAsUser' 'runAsGroup' 'fsGroup' 'null'
from=probe has_not Pod 'runAsUser' 'fsGroup'
for line in 'name: TZ' 'mountPath: /etc/authorities'; do # both containers have it
    checked=$((checked + 1))
    (($(object Deployment <"$work/out" | grep -c "$line") == 2)) || wrong "$what" "$(object Deployment <"$work/out" | grep "$line")" "two of $line"
done
has Deployment 'configMap:' 'name: authorities'
has Service 'type: LoadBalancer' 'ipFamilyPolicy: SingleStack' 'ipFamilies: \["IPv4"\]'
for kind in ValidatingWebhookConfiguration MutatingWebhookConfiguration; do
    has $kind 'url: https://brgate.example.com:8443/hooks/(validate|mutate)$' 'key: kubernetes.io/metadata.name' 'operator: NotIn' '- sandbox' \
        'example.com/ticket: "1234"'
    has_not $kind 'service:'
done
has PodMonitor 'port: health' 'interval: 15s' 'release: prometheus' 'replacement: gate-brgate' 'targetLabel: job' 'targetLabel: node' 'regex: process_'
has_not ServiceMonitor '.'

# Labels and annotations are on every object, once.
for mark in 'example.com/team: database' 'example.com/owner: platform'; do
    checked=$((checked + 1))
    bad=$(awk -v mark="$mark" 'function flush() { if (kind != "" && n != 1) print kind ": " n + 0; kind = ""; n = 0; spec = 0 }
        /^---$/ { flush() } /^kind: / { kind = $2 } /^(spec|webhooks|rules|data):/ { spec = 1 } !spec && index($0, "    " mark) == 1 { n++ }
        END { flush() }' "$work/all")
    [[ ! $bad ]] || wrong "$what: $mark" "$bad" "once in the metadata of each object"
done
has Deployment '^        example.com/team: database$'
has ServiceAccount 'example.com/role: gate'

# The certificate is for the name in the URL.
given "a url, and cert-manager" --set certificates.mode=cert-manager,webhook.url=https://gate.example.com
has Certificate '- gate.example.com$' '- gate-brgate.brgate-system.svc$'
has Deployment '--tls-name=gate.example.com$'
has ValidatingWebhookConfiguration 'url: https://gate.example.com/validate$'
given "a url with an address" --set certificates.mode=cert-manager,webhook.url=https://10.0.0.10:30443/
has Certificate 'ipAddresses: \[10.0.0.10\]'
has_not Certificate '- 10.0.0.10$'
has ValidatingWebhookConfiguration 'url: https://10.0.0.10:30443/validate$'
given "a url, and files" --set certificates.mode=files,webhook.url=https://gate.example.com
has Deployment '--tls-name=gate.example.com$'

# Excluded namespaces come on top of the selector, for the admission policy as well.
given "a selector and an exclusion" --set admissionPolicy.enabled=true,'webhook.excludeNamespaces={sandbox}' \
    --set 'webhook.namespaceSelector.matchLabels.tidb=yes,webhook.namespaceSelector.matchExpressions[0].key=x,webhook.namespaceSelector.matchExpressions[0].operator=Exists'
for kind in ValidatingWebhookConfiguration ValidatingAdmissionPolicy; do
    has $kind 'tidb: "yes"|tidb: yes' 'key: x' 'operator: Exists' 'key: kubernetes.io/metadata.name' '- sandbox'
done

given "a ServiceMonitor that relabels" --set metrics.serviceMonitor.enabled=true \
    --set 'metrics.serviceMonitor.relabelings[0].targetLabel=cluster,metrics.serviceMonitor.metricRelabelings[0].action=drop'
has ServiceMonitor 'relabelings:' 'targetLabel: cluster' 'metricRelabelings:' 'action: drop'
given "the controller, and a PodMonitor" --set reconciler.enabled=true,metrics.podMonitor.enabled=true
checked=$((checked + 1))
(($(grep -c '^kind: PodMonitor' "$work/out") == 2)) || wrong "$what" "$(grep -c '^kind: PodMonitor' "$work/out")" "two PodMonitors"
