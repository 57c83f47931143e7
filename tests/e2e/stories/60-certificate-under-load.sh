# Story: the certificate is replaced while reviews go on, and not one fails

given "brgate guards the cluster" gate_up
load_start default
then_true "reviews go on" load_goes_on

fingerprint() { openssl x509 -in "$work/certs/$1.crt" -outform der | sha256sum | cut -d ' ' -f 1; }
served() { curl -fs "http://127.0.0.1:$(<"$work/gate.health")/metrics" | grep -q "certificate_info.*\"$1\""; }
bundle() { # bundle AUTHORITY...: what the configurations trust from now on
    gate_bundle=$(for authority in "$@"; do cat "$work/certs/$authority.crt"; done | base64 -w 0)
    gate_manifests Fail | kubectl apply -f -
}

# The safe order: trust both, serve the new one, trust the new one alone.
cp "$work/certs/gate-ca.crt" "$work/certs/old-ca.crt"
certificate_make new-ca /CN=new-ca
AUTHORITY=new-ca certificate_make new "/CN=$gate_name" "DNS:$gate_name"
given "the configurations trust the old and the new authority" bundle old-ca new-ca
then_true "reviews go on" load_goes_on 400
given "the new certificate's file lies there, its key does not yet" cp "$work/certs/new.crt" "$work/certs/gate.crt"
process_signal gate HUP
then_true "reviews go on: a pair that does not fit is not taken" load_goes_on
then_equal "and it is counted" "$(curl -fs "http://127.0.0.1:$(<"$work/gate.health")/metrics" |
    grep -c 'reloads_total{result="failure"} [1-9]')" 1
given "the key comes, without a signal" cp "$work/certs/new.key" "$work/certs/gate.key"
then_true "the new one is served within the minute" wait_for 60 served "$(fingerprint new)"
then_true "reviews go on" load_goes_on 400
given "the configurations trust the new authority alone" bundle new-ca
then_true "reviews go on" load_goes_on 1000
load_stop
then_equal "of $answers reviews none failed" "$refusals" 0
gate_down
