# Debian's Prometheus, which watches the API server and brgate with the chart's alerts. A minute of theirs takes two seconds here.

prometheus_start() { # prometheus_start [HELM ARGUMENT...]: job brgate is gate and, if there is one, twin
    local port
    mkdir -p "$work/prometheus"
    chart_template brgate --show-only templates/monitoring.yaml --set fullnameOverride=brgate \
        --set metrics.rules.enabled=true "$@" | sed -n '/^spec:/,$ s/^  //p' | prometheus_hasten >"$work/prometheus/rules.yaml"
    prometheus_configuration >"$work/prometheus/prometheus.yaml"
    port=$(port_free)
    process_start prometheus prometheus --config.file="$work/prometheus/prometheus.yaml" --storage.tsdb.path="$work/prometheus/data" \
        --web.listen-address="127.0.0.1:$port" --log.level=warn
    echo "http://127.0.0.1:$port" >"$work/prometheus.url"
    wait_for 90 curl -fs "$(<"$work/prometheus.url")/-/ready"
}

prometheus_hasten() { perl -pe 's/\b(\d+)m\b/2 * $1 . "s"/ge; s/\b1d\b/2880s/g; s/< 600/< 20/g'; }

prometheus_configuration() {
    cat <<YAML
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: apiserver
    scheme: https
    tls_config: {ca_file: $work/certs/cluster-ca.crt, cert_file: $work/certs/admin.crt, key_file: $work/certs/admin.key}
    static_configs: [{targets: ["$(sed 's|https://||' "$work/apiserver.url")"]}]
  - job_name: brgate
    file_sd_configs: [{files: ["$work/prometheus/pods.yaml"], refresh_interval: 1s}]
YAML
    prometheus_pods gate
}

prometheus_pods() { # prometheus_pods NAME...: these are the pods from now on
    local name
    for name in "$@"; do
        [[ -f $work/$name.port ]] || { port_free >"$work/$name.port"; port_free >"$work/$name.health"; }
        echo "- {targets: ['127.0.0.1:$(<"$work/$name.health")'], labels: {namespace: brgate-system, pod: $name}}"
    done >"$work/prometheus/pods.new"
    mv "$work/prometheus/pods.new" "$work/prometheus/pods.yaml"
}

prometheus_value() { # prometheus_value QUERY: the values of its samples, one on each line
    curl -fsG "$(<"$work/prometheus.url")/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[].value[1]'
}

prometheus_fires() { [[ $(prometheus_value "ALERTS{alertname=\"$1\", alertstate=\"firing\"}") ]]; }
prometheus_is_quiet() { [[ ! $(prometheus_value 'ALERTS{alertstate="firing"}') ]]; }
prometheus_sees() { [[ $(prometheus_value "$1") ]]; }
