# Story: what happens while brgate is away

given "brgate guards the cluster" gate_up
given "a backup from before" kubectl create -n default -f <(backup before)
given "brgate dies" process_stop gate

when "kubectl create of a good backup" kubectl create -n default -f <(backup good)
then_has "with failurePolicy Fail nothing comes in" "$err" \
    'Error from server (InternalError): error when creating'
then_has "and the error names the webhook" "$err" \
    'Internal error occurred: failed calling webhook "default.brgate.io": failed to call webhook: Post "https://brgate.brgate-system.svc:'
then_has "and what is wrong" "$err" 'connection refused'
when "the operator writes a status" kubectl patch backup before -n default --subresource=status --type=merge \
    -p '{"status":{"phase":"Running"}}'
then_it_passes "what runs is not disturbed: status is not asked about"

given "it comes back at the same address" gate_start gate
when "kubectl create of a good backup" kubectl create -n default -f <(backup good)
then_it_passes "no need to register it again"

given "failurePolicy is Ignore" gate_register Ignore
given "and it dies again" process_stop gate
given "the API server knows both" wait_for 60 gate_probe
when "kubectl create of a bad backup" kubectl create -n default -f <(backup bad | sed 's/prefix: bad/prefix: x\/..\/y/')
then_it_passes "what is bad slips in"
given "brgate is back" gate_start gate
when "kubectl patch: another field" kubectl patch backup bad -n default --type=merge -p '{"spec":{"calcSizeLevel":"all"}}'
then_it_passes "and lives with it"
then_has "but says so" "$err" "Warning: "
kubectl delete backup --all -n default >/dev/null 2>&1
gate_down
