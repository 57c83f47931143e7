# Story: watch, audit, fix, enforce, with two hundred backups, thirty of them wrong (docs/rollout.md)

# Renders the chart with those values: the server's policy and flags, the webhook configurations and the admission policy.
rendered() { # rendered TEMPLATE [HELM ARGUMENT...]
    local template=$1
    shift
    chart_template brgate --show-only "templates/$template.yaml" \
        --set fullnameOverride=brgate,certificates.mode=files,service.port="$(<"$work/gate.port")" --set "certificates.caBundle=$gate_bundle" "$@"
}
chart_applies() { # chart_applies HELM ARGUMENT...: starts brgate with these values
    local flags=()
    mapfile -t flags < <(rendered deployment "$@" | sed -n 's/^            - \(--enforcement=.*\)/\1/p' | sort -u)
    if rendered policy "$@" >"$work/configmap" 2>/dev/null; then
        sed -n '/brgate.yaml: |/,$ s/^    //p' "$work/configmap" >"$work/policy.yaml"
        flags+=(--config "$work/policy.yaml")
    fi
    process_stop gate
    gate_start gate "${flags[@]}" || return 1
    rendered webhooks "$@" | kubectl apply -f - || return 1
    if [[ $* == *admissionPolicy* ]]; then rendered admission-policy "$@" | kubectl apply -f - || return 1; fi
    wait_for 60 gate_is_asked
}
good() { backup "$1"; }
bad() { # bad NUMBER NAME: in one of three ways
    case $(($1 % 3)) in
    0) backup "$2" "backoffRetryPolicy: {minRetryDuration: 5 minutes}" ;;
    1) backup "$2" | sed 's/cluster: demo1/cluster: ""/' ;;
    2) backup "$2" | sed "s/prefix: $2/prefix: a\/..\/b/" ;;
    esac
}
documents() { # documents PREFIX: 200 of them, each seventh of the first 210 is wrong
    local i
    for i in {1..200}; do
        echo ---
        if ((i % 7 == 0 || i == 1 || i == 2)); then bad "$i" "$1$i"; else good "$1$i"; fi
    done
}
wrong_names() { for i in {1..200}; do ((i % 7 == 0 || i == 1 || i == 2)) && echo "$1$i"; done | sort; }

given "certificates" gate_certificates
port_free >"$work/gate.port"
port_free >"$work/gate.health"
given "the Service" eval 'gate_manifests Fail | sed "/^---$/,\$d" | kubectl apply -f -'
for name in old team-a legacy; do kubectl create namespace "$name" >/dev/null 2>&1; done
given "200 backups from before brgate, 30 of them wrong" eval 'documents old >"$work/old.yaml" && [[ $(wrong_names old | wc -l) == 30 ]] &&
    kubectl create -n old -f "$work/old.yaml"'

# ---- 1. install, 2. watch
given "the chart with enforcement=warn" chart_applies --set enforcement=warn
then_equal "an object that no server judges is stored" "$(kubectl get validatingwebhookconfiguration brgate -o jsonpath='{.webhooks[*].failurePolicy}')" "Ignore Ignore"
documents new >"$work/new.yaml"
when "kubectl create of 200, 30 of them wrong" kubectl create -n team-a -f "$work/new.yaml"
then_equal "all are stored" "$code $(kubectl get backups.br.pingcap.com -n team-a -o name | wc -l)" "0 200"
then_equal "warnings say what would be denied; kubectl shows each of the three texts once" "$(grep '^Warning: would be denied: ' <<<"$err" | grep -o '[[][a-z-]*[]]$' | sort | xargs)" \
    "[cluster-empty] [prefix-traversal] [retry-duration]"
watched() { sed -n 's/.*"verdict":"would_deny".*"name":"\(new[0-9]*\)".*/\1/p' "$work/log/gate" | sort; }
all_watched() { [[ $(watched) == "$(wrong_names new)" ]]; }
then_true "the log names exactly these" wait_for 60 all_watched
reviews() { # reviews LABELS: how many have these
    curl -fs "http://127.0.0.1:$(<"$work/gate.health")/metrics" | awk -v labels="$1" '
        /^brgate_webhook_requests_total/ && index($0, labels) { sum += $NF } END { print sum + 0 }'
}
then_equal "the metrics count them, and no denial" "$(reviews 'verdict="would_deny",dry_run="false"') $(reviews 'verdict="denied"')" "30 0"

# ---- 3. audit
audit() { "$brgate" audit --kubeconfig "$work/apiserver.kubeconfig" --no-config "$@"; }
when "brgate audit" audit --namespace old --format json
then_equal "it finds exactly the old wrong ones" "$code $(jq -r '.findings[] | select(.severity == "error") | .object | "\(.namespace)/\(.name)"' <<<"$out" |
    sort -u)" "1 $(wrong_names old | sed 's|^|old/|')"
then_equal "that is 30 of 200 objects, which a server that enforces denies" "$(jq -c '.summary | [.objects, .objectsWithErrors, .objectsDenied]' <<<"$out")" "[200,30,30]"
when "brgate audit with the enforcement of today" audit --namespace old --enforcement warn
then_has "says that none is denied yet" "$out" "200 objects: 30 errors"
then_has "by name, not by line" "$out" "backups.br.pingcap.com old/old1: error: spec."
then_has "and what enforcement makes of them" "$out" "30 objects have errors: 0 of them would be denied if created today."

# ---- 5. enforce: one namespace, then all but one
namespaces='[{"names": ["team-*"], "enforcement": "deny"}]'
given "team-a is enforced" chart_applies --set enforcement=warn --set-json "policy.namespaces=$namespaces"
when "kubectl create of a bad one there" kubectl create -n team-a -f <(bad 1 late)
then_has "it is denied" "$code $err" "brgate: denied in review"
when "elsewhere" kubectl create -n legacy -f <(bad 1 late)
then_it_warns "it is stored" "would be denied: "
given "all namespaces but legacy are enforced, and the admission policy is on" chart_applies --set enforcement=deny --set admissionPolicy.enabled=true \
    --set-json 'policy.namespaces=[{"names": ["legacy"], "enforcement": "warn"}]'
then_equal "nothing enters unjudged any more" "$(kubectl get validatingwebhookconfiguration brgate -o jsonpath='{.webhooks[0].failurePolicy}')" Fail
denied_first() { [[ $(kubectl create --dry-run=server -n old -f <(bad 1 late) 2>&1) == *"ValidatingAdmissionPolicy 'brgate'"* ]]; }
then_true "the admission policy denies as well, and comes first" wait_for 90 denied_first
when "kubectl create of a bad one in legacy" kubectl create -n legacy -f <(bad 1 later)
then_it_warns "neither denies there" "would be denied: "

# ---- the day of the switch
when "a label on each of the 200 from before" kubectl label backups.br.pingcap.com --all -n old tier=gold
then_equal "works" "$code $(grep -c labeled <<<"$out")" "0 200"
when "kubectl apply of the same files" eval 'kubectl apply -n old -f "$work/old.yaml" 2>&1'
then_equal "works" "$code" 0
when "an edit of another field of each" eval 'for name in $(wrong_names old); do
    kubectl patch backups.br.pingcap.com "$name" -n old --type=merge -p "{\"spec\":{\"cleanPolicy\":\"Retain\"}}" || exit 1; done'
then_equal "works: faults from before cause only warnings" "$code" 0

rendered admission-policy --set admissionPolicy.enabled=true | kubectl delete -f - >/dev/null
kubectl delete namespace old team-a legacy --wait=false >/dev/null
gate_down
