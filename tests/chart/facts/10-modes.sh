# The objects of each certificate mode.

common=(Deployment MutatingWebhookConfiguration NetworkPolicy PodDisruptionBudget ResourceQuota Service ServiceAccount
        ValidatingWebhookConfiguration)

given "mode self" --values "$chart/ci/self-values.yaml"
guard=(ValidatingAdmissionPolicy ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBinding)
kinds "${common[@]}" Role RoleBinding ClusterRole ClusterRoleBinding "${guard[@]}"
has Deployment 'automountServiceAccountToken: true' '- --certs-secret=gate-brgate-tls$' '- --certs-service=gate-brgate$' \
    '- --webhook-configuration=gate-brgate$'
has_not Deployment '--tls-cert' '--tls-name' 'volumes:' 'volumeMounts:'
has Role 'verbs: \[create\]$' 'resourceNames: \[gate-brgate-tls\]' 'verbs: \[get, update\]'
has_not Role 'list' 'watch' '\*'
has ClusterRole 'resourceNames: \[gate-brgate\]' 'verbs: \[get, patch\]'
has_not ClusterRole 'secrets' '\*'
has NetworkPolicy 'port: 6443'
has_not ValidatingWebhookConfiguration 'caBundle' 'inject-ca-from'

# The guard: what RBAC cannot say about the servers' account.
has ValidatingAdmissionPolicy 'failurePolicy: Fail' 'resources: \[validatingwebhookconfigurations, mutatingwebhookconfigurations\]' \
    'resources: \[secrets\]' "request.userInfo.username == 'system:serviceaccount:brgate-system:gate-brgate'" \
    "object.metadata.name == 'gate-brgate'\$" "object.metadata.name == 'gate-brgate-tls'\$" "object.type == 'kubernetes.io/tls'"
has_not ValidatingAdmissionPolicy 'failurePolicy: Ignore'
has ValidatingAdmissionPolicyBinding 'validationActions: \[Deny\]' 'policyName: gate-brgate-guard-bundles' 'policyName: gate-brgate-guard-secret'
has_not ValidatingAdmissionPolicyBinding 'Audit' 'Warn'
given "an account and a Secret of another name" --set serviceAccount.name=keeper --set certificates.secretName=gate-tls
has ValidatingAdmissionPolicy "'system:serviceaccount:brgate-system:keeper'" "object.metadata.name == 'gate-tls'\$"
given "a release of another name" --set nameOverride=hook
has Deployment '- --certs-secret=gate-hook-tls$'
given "the guard is switched off" --set certificates.guard=false
has_not ValidatingAdmissionPolicy '.'
given "an API server without admission policies" --kube-version 1.29.0
has_not ValidatingAdmissionPolicy '.'
for mode in files cert-manager; do # the account has no rights
    given "mode $mode" --set "certificates.mode=$mode"
    has_not ValidatingAdmissionPolicy '.'
done

given "mode cert-manager" --values "$chart/ci/cert-manager-values.yaml"
kinds "${common[@]}" Certificate Certificate Issuer Issuer
has Certificate 'isCA: true' 'gate-brgate.brgate-system.svc$' 'secretName: gate-brgate-tls$' 'secretName: gate-brgate-tls-ca$' \
    'usages: \[digital signature, server auth\]'
has Issuer 'selfSigned: \{\}' 'ca: \{secretName: gate-brgate-tls-ca\}'
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
        '- --tls-key=/etc/brgate/tls/tls.key' '- --tls-name=gate-brgate.brgate-system.svc$' 'secret: \{secretName: gate-brgate-tls\}' '\{name: tls, mountPath: /etc/brgate/tls, readOnly: true\}'
    has_not Deployment '--certs-secret' '--webhook-configuration'
    has NetworkPolicy 'egress: \[\]'
done
