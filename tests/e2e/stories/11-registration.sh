# Story: the API server trusts brgate by its certificate

bad() { backup bad "backupMode: log" "logSubcommand: log-stop"; }

# ---- brgate serve --self-signed, by URL
given "brgate serve --self-signed" gate_start gate --self-signed
certificate() { openssl s_client -connect "127.0.0.1:$(<"$work/gate.port")" -servername localhost </dev/null 2>/dev/null |
    openssl x509; }
gate_url=https://localhost:$(<"$work/gate.port") gate_bundle=$(certificate | base64 -w 0)
given "registered by url, with its own certificate as caBundle" gate_register
when "kubectl create of a bad backup" kubectl create -n default -f <(bad)
then_has "it is asked, and refuses" "$err" "spec.logSubcommand"
gate_down
unset gate_url

# ---- Files, through a Service
given "certificates of an authority of our own, through a Service" gate_up
when "kubectl create of a bad backup" kubectl create -n default -f <(bad)
then_has "it is asked, and refuses" "$err" "spec.logSubcommand"
given "another authority's bundle in the configurations" eval \
    'certificate_make other-ca /CN=other-ca && gate_bundle=$(certificate_base64 other-ca) && gate_manifests Fail | kubectl apply -f -'
does_not_talk() {
    when "kubectl create --dry-run=server" kubectl create --dry-run=server -n default -f <(backup x)
    [[ $err == *'x509: certificate signed by unknown authority'* ]]
}
then_true "the API server does not talk to it" wait_for 60 does_not_talk
gate_down
