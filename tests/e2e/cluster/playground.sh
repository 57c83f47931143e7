# A cluster to play in: the chart is installed as it is, but its server runs here, since no kubelet runs the pods.

cluster_with_the_chart() {
    certificate_make gate-ca /CN=gate-ca
    AUTHORITY=gate-ca certificate_make gate /CN=localhost DNS:localhost
    gate_start gate --tls-name localhost || return 1
    "$bin/helm" --kubeconfig "$work/apiserver.kubeconfig" install gate charts/brgate --namespace brgate-system --wait=false \
        --set "image.repository=brgate,certificates.mode=files,certificates.caBundle=$(certificate_base64 gate-ca)" \
        --set "webhook.url=https://localhost:$(<"$work/gate.port")" >/dev/null || return 1
    wait_for 60 gate_is_asked || return 1
    kubectl create namespace tidb >/dev/null # for the examples
    cat <<TXT

The chart is installed as release gate in brgate-system; its pods stay Pending, and the server of this machine answers in their place.

  export KUBECONFIG=$work/apiserver.kubeconfig PATH=$bin:\$PATH
  kubectl create -f tests/rules/cases/bucket-syntax/fires.yaml      # refused
  tail -f $work/log/gate                                            # what the server says
  curl http://127.0.0.1:$(<"$work/gate.health")/metrics

Ctrl-C ends it, and nothing stays.
TXT
}
