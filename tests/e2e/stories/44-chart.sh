# Story: what the Helm chart registers does the same

gate_manifests() {
    cat <<YAML
apiVersion: v1
kind: Service
metadata: {name: brgate, namespace: brgate-system}
spec: {type: ExternalName, externalName: localhost}
YAML
    chart_template brgate --show-only templates/webhooks.yaml --set certificates.mode=files \
        --set "certificates.caBundle=$gate_bundle,service.port=$(<"$work/gate.port")" \
        --set "webhook.failurePolicy=$1,webhook.mutatingFailurePolicy=$1"
}
for file in 20-denials 40-operations 41-defaults 42-older-group 43-deletion 50-failure-policy; do
    source "$here/stories/$file.sh"
done
