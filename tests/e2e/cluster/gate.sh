# brgate as the cluster's webhook: processes, certificates, the Service and the two configurations.
# The API server reaches it through a Service of type ExternalName, so it asks for and verifies brgate.brgate-system.svc.

gate_name=brgate.brgate-system.svc

# NAME listens on $work/NAME.port and $work/NAME.health; certificates $work/certs/{gate-ca,gate}.crt unless flags say else.
gate_start() { # gate_start NAME [FLAG...]
    local name=$1 port health
    shift
    [[ -f $work/$name.port ]] || { port_free >"$work/$name.port"; port_free >"$work/$name.health"; }
    port=$(<"$work/$name.port") health=$(<"$work/$name.health")
    [[ $* == *--self-signed* ]] || set -- --tls-cert "$work/certs/gate.crt" --tls-key "$work/certs/gate.key" "$@"
    process_start "$name" "$brgate" serve --listen "${gate_address:-127.0.0.1}:$port" --health-listen "127.0.0.1:$health" \
        --shutdown-delay 0s "$@"
    wait_for 60 curl -fs "http://127.0.0.1:$health/readyz"
}

gate_certificates() {
    certificate_make gate-ca /CN=gate-ca
    AUTHORITY=gate-ca certificate_make gate "/CN=$gate_name" "DNS:$gate_name"
    gate_bundle=$(certificate_base64 gate-ca)
}

gate_metric() { # gate_metric NAME METRIC: the sum of all its series
    curl -fs "http://127.0.0.1:$(<"$work/$1.health")/metrics" | awk -v metric="$2" '
        index($0, metric " ") == 1 || index($0, metric "{") == 1 { sum += $NF } END { printf "%d\n", sum }'
}

# The clientConfig for a path: through the Service, or straight to $gate_url when that is set.
gate_client() { # gate_client PATH
    if [[ ${gate_url:-} ]]; then
        echo "{url: \"$gate_url$1\", caBundle: \"${gate_bundle}\"}"
    else
        echo "{service: {name: brgate, namespace: brgate-system, port: $(<"$work/gate.port"), path: $1}, caBundle: \"${gate_bundle}\"}"
    fi
}

# The Service and both configurations. They ask about everything, where the chart's leave out what cannot matter.
gate_manifests() { # gate_manifests FAILURE-POLICY
    local rule='apiGroups: [br.pingcap.com, pingcap.com], apiVersions: [v1alpha1], scope: Namespaced,
      resources: [backups, backupschedules, compactbackups]'
    cat <<YAML
apiVersion: v1
kind: Service
metadata: {name: brgate, namespace: brgate-system}
spec: {type: ExternalName, externalName: localhost}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: brgate}
webhooks:
- name: default.brgate.io
  clientConfig: $(gate_client /mutate)
  rules:
  - {operations: [CREATE, UPDATE], $rule}
  admissionReviewVersions: [v1]
  sideEffects: None
  timeoutSeconds: 5
  failurePolicy: $1
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: brgate}
webhooks:
- name: validate.brgate.io
  clientConfig: $(gate_client /validate)
  rules:
  - {operations: [CREATE, UPDATE, DELETE], $rule}
  admissionReviewVersions: [v1]
  sideEffects: None
  timeoutSeconds: 5
  failurePolicy: $1
YAML
}

# Registers the gate and waits until the API server, which learns of it with a delay, asks it.
gate_register() { # gate_register [FAILURE-POLICY]
    gate_manifests "${1:-Fail}" >"$work/registration.yaml"
    kubectl apply -f "$work/registration.yaml" || return 1
    wait_for 60 gate_is_asked
}

# Both endpoints are asked about an object that is not stored. Neither is, once the API server has forgotten both configurations, which it
# learns of one after the other.
gate_is_asked() { (($(gate_reviews_of_probe) >= 2)); }
gate_is_not_asked() { (($(gate_reviews_of_probe) == 0)); }

gate_reviews() { gate_metric gate brgate_webhook_requests_total; }
gate_reviews_of_probe() {
    local before
    before=$(gate_reviews)
    gate_probe >/dev/null
    echo $(($(gate_reviews) - before))
}

gate_probe() {
    backup probe | kubectl create --dry-run=server -n default -f -
}

gate_unregister() {
    kubectl delete --ignore-not-found mutatingwebhookconfiguration,validatingwebhookconfiguration brgate
    wait_for 60 gate_is_not_asked
}

# The beginning of every story that is not about failure.
gate_up() { # gate_up [FLAG...]
    gate_certificates && gate_start gate "$@" && gate_register
}

gate_down() {
    gate_unregister >/dev/null 2>&1
    process_stop gate
}
