# What is made in each certificate mode.

common=(Deployment MutatingWebhookConfiguration NetworkPolicy Pod PodDisruptionBudget Service ServiceAccount
        ValidatingWebhookConfiguration)

given "mode self" --values "$chart/ci/self-values.yaml"
kinds "${common[@]}" Role RoleBinding ClusterRole ClusterRoleBinding
has Deployment 'automountServiceAccountToken: true' '- --certs-secret=brgate-tls$' '- --certs-service=gate-brgate$' \
    '- --webhook-configuration=gate-brgate$'
has_not Deployment '--tls-cert' 'volumes:' 'volumeMounts:'
has Role 'verbs: \[create\]$' 'resourceNames: \[brgate-tls\]' 'verbs: \[get, update\]'
has_not Role 'list' 'watch' '\*'
has ClusterRole 'resourceNames: \[gate-brgate\]' 'verbs: \[get, patch\]'
has_not ClusterRole 'secrets' '\*'
has NetworkPolicy 'port: 6443'
has_not ValidatingWebhookConfiguration 'caBundle' 'inject-ca-from'

given "mode cert-manager" --values "$chart/ci/cert-manager-values.yaml"
kinds "${common[@]}" Certificate Certificate Issuer Issuer
has Certificate 'isCA: true' 'gate-brgate.brgate-system.svc$' 'secretName: brgate-tls$' 'secretName: brgate-tls-ca$' \
    'usages: \[digital signature, server auth\]'
has Issuer 'selfSigned: \{\}' 'ca: \{secretName: brgate-tls-ca\}'
has ValidatingWebhookConfiguration 'cert-manager.io/inject-ca-from: brgate-system/gate-brgate'
has MutatingWebhookConfiguration 'cert-manager.io/inject-ca-from: brgate-system/gate-brgate'

given "mode cert-manager, an issuer of one's own" --values "$chart/ci/cert-manager-issuer-values.yaml"
kinds "${common[@]}" Certificate
has Certificate 'kind: ClusterIssuer' 'name: internal-ca' 'secretName: gate-tls'

given "mode files" --values "$chart/ci/files-values.yaml"
kinds "${common[@]}"
has ValidatingWebhookConfiguration 'caBundle: LS0tLS1'
has MutatingWebhookConfiguration 'caBundle: LS0tLS1'
has_not ValidatingWebhookConfiguration 'inject-ca-from'

for mode in files cert-manager; do
    given "mode $mode" --set "certificates.mode=$mode"
    has Deployment 'automountServiceAccountToken: false' '- --tls-cert=/etc/brgate/tls/tls.crt' \
        '- --tls-key=/etc/brgate/tls/tls.key' 'secret: \{secretName: brgate-tls\}' '\{name: tls, mountPath: /etc/brgate/tls, readOnly: true\}'
    has_not Deployment '--certs-secret' '--webhook-configuration'
    has NetworkPolicy 'egress: \[\]'
done
