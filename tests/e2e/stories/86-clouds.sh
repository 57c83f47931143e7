# Story: the chart starts in clouds with rules of their own

# ---- GKE: critical classes are limited, so that their pods need a quota in the namespace
cat >"$work/admission.yaml" <<'YAML'
apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: ResourceQuota
  configuration:
    apiVersion: apiserver.config.k8s.io/v1
    kind: ResourceQuotaConfiguration
    limitedResources:
    - resource: pods
      matchScopes:
      - {scopeName: PriorityClass, operator: In, values: [system-node-critical, system-cluster-critical]}
YAML
given "an API server that limits them as GKE's does" apiserver_start gke --admission-control-config-file="$work/admission.yaml"
gke() { "$bin/kubectl" --kubeconfig "$work/gke.kubeconfig" "$@"; }
given "a namespace" gke create namespace critical
# The pods of the chart's Deployment, as its ReplicaSet makes them.
chart_pod() { # chart_pod NAME [FLAG...]
    chart_template gate --namespace critical --show-only templates/deployment.yaml "${@:2}" |
        gke create --dry-run=client --validate=false -o json -f - |
        jq --arg name "$1" '.spec.template | {apiVersion: "v1", kind: "Pod", metadata: (.metadata + {name: $name, namespace: "critical"}), spec}'
}
given "the account of the servers" gke create serviceaccount gate-brgate -n critical
when "one of the chart's pods is created without the chart's quota" gke create -f <(chart_pod before)
then_has "it is refused" "$err" "insufficient quota to match these scopes"
given "the chart's quota" eval 'chart_template gate --namespace critical --show-only templates/quota.yaml | gke apply -f -'
enters() { gke create -f <(chart_pod "$@"); }
when "its pods are created" eval 'wait_for 90 enters one && enters two' # the quota has to be counted first
then_it_passes "they enter"
given "no quota again" gke delete resourcequota gate-brgate -n critical
when "a pod without a class is created" enters three --set priorityClassName=
then_it_passes "it needs none"
given "it is over" gke delete namespace critical --wait=false
process_stop gke
