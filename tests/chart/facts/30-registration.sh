# The webhook configurations, the resource definitions and the admission policy.

given "as it comes"
has ValidatingWebhookConfiguration 'name: validate.brgate.io' 'failurePolicy: Fail' 'path: /validate' 'timeoutSeconds: 5' \
    'apiGroups: \[br.pingcap.com, pingcap.com\]' 'resources: \[backups, backupschedules, compactbackups\]' \
    'operations: \["CREATE","UPDATE"\]' 'name: delete.brgate.io' 'failurePolicy: Ignore' 'operations: \["DELETE"\]' 'sideEffects: None' 'admissionReviewVersions: \[v1\]' 'name: spec-changed-or-start-forgotten$' \
    'name: gate-brgate$' 'namespace: brgate-system$'
has MutatingWebhookConfiguration 'name: default.brgate.io' 'failurePolicy: Ignore' 'path: /mutate' 'operations: \["CREATE","UPDATE"\]' \
    'reinvocationPolicy: IfNeeded'
has_not ValidatingWebhookConfiguration 'namespaceSelector' 'objectSelector' '/status'
[[ ! -s $work/definitions ]] || wrong "$what" "definitions" "none"
has_not ValidatingAdmissionPolicy 'pingcap.com'

given "everything" --values "$chart/ci/everything-values.yaml"
has ValidatingWebhookConfiguration 'failurePolicy: Ignore' 'timeoutSeconds: 30' 'namespaceSelector:' 'name: not-the-operator'
has MutatingWebhookConfiguration 'failurePolicy: Fail' 'namespaceSelector:' 'name: not-the-operator'
has ValidatingAdmissionPolicyBinding 'validationActions: \["Deny","Audit"\]' 'policyName: gate'
has ValidatingAdmissionPolicy 'namespaceSelector:' 'name: not-the-operator' '\[storage-missing\]' '\[gcs-required\]'
# Rules that the policy lowers, does not enforce or leaves to annotations: neither webhook nor policy refuses them. Where it does so in
# some namespaces, they are refused in the others.
has_not ValidatingAdmissionPolicy '\[s3-bucket\]' '\[storage-multiple\]' '\[cluster-empty\]' 'DURATION' 'POSITIVE'
exempt() { # exempt RULE: the namespaces in which the admission policy does not refuse it
    object ValidatingAdmissionPolicy <"$work/out" | awk -v rule="[$1]" '
        /expression: >-/ { names = "" }
        match($0, /namespace.matches\(.*\)/) { names = substr($0, RSTART + 18, RLENGTH - 19) }
        index($0, rule) { print names }'
}
checked=$((checked + 2))
[[ $(exempt storage-missing) == "'^(team-a|dev-.*)\$'" ]] || wrong "storage-missing" "$(exempt storage-missing)" "team-a and dev-*"
[[ $(exempt gcs-required) == "'^(team-a|dev-.*|staging)\$'" ]] || wrong "gcs-required" "$(exempt gcs-required)" "team-a, dev-* and staging"

# What is not judged is the same everywhere, and a deletionTimestamp, which anyone may write, is no part of it.
conditions() { # conditions KIND: the lists of matchConditions in the objects of that kind, each on one line
    object "$1" <"$work/out" | awk '
        { match($0, /^ */) }
        /^ *matchConditions:/ { inside = RLENGTH; line = ""; next }
        inside && RLENGTH >= inside && (RLENGTH > inside || /^ *- /) {
            separator = /^ *(- )?(name|expression): / ? "|" : " "
            sub(/^ *(- )?/, "")
            line = line separator $0
            next
        }
        inside { print line; inside = 0 }
        END { if (inside) print line }'
}
checked=$((checked + 1))
all=$(for kind in ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy; do conditions $kind; done)
[[ $(wc -l <<<"$all") == 4 && $(sort -u <<<"$all") == "|name: spec-changed-or-start-forgotten|expression: "*"|name: not-the-operator" ]] ||
    wrong "$what: matchConditions" "$all" "four times the same: spec-changed-or-start-forgotten, not-the-operator"
for kind in ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy; do
    has_not $kind 'deletionTimestamp'
done

# Without enforcement nothing refuses, not even the admission policy before the servers.
given "enforcement warn" --set enforcement=warn --set admissionPolicy.enabled=true --set certificates.guard=false
has Deployment '- --enforcement=warn$'
has ValidatingWebhookConfiguration 'failurePolicy: Ignore'
has_not ValidatingWebhookConfiguration 'failurePolicy: Fail'
has ValidatingAdmissionPolicyBinding 'validationActions: \["Audit"\]'
has_not ValidatingAdmissionPolicyBinding 'Deny'
has ValidatingAdmissionPolicy '\[s3-bucket\]' '\[storage-multiple\]'
given "enforcement warn, and a failurePolicy of one's own" --set enforcement=warn --set webhook.failurePolicy=Fail
has ValidatingWebhookConfiguration 'failurePolicy: Fail'
given "the admission policy" --set admissionPolicy.enabled=true
has ValidatingAdmissionPolicyBinding 'validationActions: \["Deny"\]'

given "all rules off but one" --set admissionPolicy.enabled=true --set policy.rules.all=off --set policy.rules.s3-bucket=error
has ValidatingAdmissionPolicy '\[s3-bucket\]'
has_not ValidatingAdmissionPolicy '\[storage-multiple\]'

given "an API server of 1.28" --kube-version 1.28.0
said=$(render --kube-version 1.29.0 --set admissionPolicy.enabled=true 2>&1) && wrong "the admission policy in 1.29" "a rendering" "a refusal"
grep -q 'wants Kubernetes 1.30' <<<"$said" || wrong "the admission policy in 1.29" "$said" "... wants Kubernetes 1.30 ..."
said=$(render --kube-version 1.27.0 2>&1) && wrong "Kubernetes 1.27" "a rendering" "a refusal"

# Every slug of the admission policy is a rule's, and an error when something is created.
"$brgate" rules >"$work/rules"
for slug in $(sed -n 's/^- rule: //p' "$chart/files/admission-rules.yaml"); do
    checked=$((checked + 1))
    [[ $(awk -v slug="$slug" '$1 == slug { print $3 }' "$work/rules") == error ]] || wrong "admission policy" "$slug" "a rule that denies"
done

# The definitions are the program's, marked and kept.
given "definitions" --set crds.enabled=true
mapfile -t names < <("$brgate" crds | sed -n 's/^  name: //p')
checked=$((checked + ${#names[@]}))
for name in "${names[@]}"; do
    object CustomResourceDefinition "$name" <"$work/definitions" | sed -n '/^metadata:/,/^spec:/p' >"$work/metadata"
    for line in 'helm.sh/resource-policy: keep' 'app.kubernetes.io/instance: gate'; do
        grep -q "^    $line" "$work/metadata" || wrong "definition $name" "$(<"$work/metadata")" "$line"
    done
done
awk '/^metadata:/ { print; inside = 1; next } /^spec:/ { inside = 0 } inside && !/^  name:/ { next } !/^(#|---)/' \
    "$work/definitions" >"$work/got"
"$brgate" crds | grep -vx -- --- >"$work/want"
cmp -s "$work/got" "$work/want" || wrong "definitions" "$(diff "$work/got" "$work/want" | head)" "what brgate crds prints"
given "definitions that go with the release" --set crds.enabled=true --set crds.keep=false
grep -q 'resource-policy' "$work/definitions" && wrong "crds.keep=false" "resource-policy: keep" "none"

# What helm stores of a release in a Secret, compressed and encoded twice, must stay far below a Secret's 1 MiB.
render --values "$chart/ci/everything-values.yaml" >"$work/out"
stored=$({ for file in "$chart"/files/* "$chart"/templates/*.yaml; do base64 -w 0 "$file"; done && cat "$work/out"; } | gzip -9 | base64 | wc -c)
checked=$((checked + 1))
((stored < 600000)) || wrong "the release's Secret" "$stored bytes" "less than 600000"
