# Monitoring is off until it is asked for, and finds the pods then.

given "as it comes"
has_not ServiceMonitor '.'
has_not PrometheusRule '.'

given "everything" --values "$chart/ci/everything-values.yaml"
has ServiceMonitor 'port: health' 'path: /metrics' 'interval: 15s' 'release: prometheus'
has PrometheusRule 'release: prometheus' 'alert: BrgateNotServing' 'alert: BrgateUnreachable' 'alert: BrgateFailOpen' \
    'alert: BrgateCertificateInvalid' 'alert: BrgateCertificateEnds' 'alert: BrgateCertificateNotRead' 'alert: BrgateSlow' 'alert: BrgateShedding' 'alert: BrgateFailing' \
    'alert: BrgateDenialsSurge' 'namespace="brgate-system", job="gate"' 'labels.pod'
has_not PrometheusRule 'brgate_certs_' 'RELEASE_'
has PrometheusRule 'alert: BrgatePolicyNotRead' 'runbook_url: https://git.example.com/brgate/docs/runbooks.md#brgatefailing$'
has ConfigMap 'grafana_dashboard: "1"' '"title": "brgate"'

given "alerts of mode self" --set metrics.rules.enabled=true
has PrometheusRule 'runbook_url: docs/runbooks.md#brgatefailing$' '< 2$'
has PrometheusRule 'alert: BrgateBundleMismatch' 'alert: BrgateCertificateNotKept' 'alert: BrgateClocksDisagree' 'namespace="brgate-system", job="gate-brgate", state="hold"'
