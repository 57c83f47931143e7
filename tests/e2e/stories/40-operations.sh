# Story: what must pass does: status, finalizers, labels, server-side apply, dry runs, deletion

given "brgate guards the cluster" gate_up
given "a good backup" kubectl create -n default -f <(backup good)

patch() { # patch TYPE PATCH [FLAG]...
    when "kubectl patch backup good -p $2 ${*:3}" kubectl patch backup good -n default --type="$1" -p "$2" "${@:3}"
}

patch merge '{"status":{"phase":"Running","commitTs":"436979621972148225"}}' --subresource=status
then_it_passes
patch merge '{"metadata":{"labels":{"tier":"gold"},"finalizers":["tidb.pingcap.com/backup-protection"]}}'
then_it_passes "a label and a finalizer"
when "kubectl apply --server-side" kubectl apply --server-side --force-conflicts -n default -f <(backup good)
then_it_passes
when "kubectl apply --server-side, once more" kubectl apply --server-side -n default -f <(backup good)
then_it_passes "without a change"
when "kubectl apply --server-side of a new one" kubectl apply --server-side -n default -f <(backup applied)
then_it_passes
when "kubectl apply" kubectl apply -n default -f <(backup applied "cleanPolicy: Retain")
then_it_passes "over what another manager applied"
when "kubectl create --dry-run=server of a good one" kubectl create --dry-run=server -n default -f <(backup dry)
then_it_passes
when "kubectl create --dry-run=server of a bad one" \
    kubectl create --dry-run=server -n default -f <(backup dry | sed 's/aws/amazon/')
then_has "is refused like a real one" "$err" 'spec.s3.provider'
when "kubectl get backup dry" kubectl get backup dry -n default
then_has "neither was stored" "$err" 'backups.br.pingcap.com "dry" not found'
when "kubectl create with generateName" kubectl create -n default -f <(backup x | sed 's/name: x}/generateName: nightly-}/')
then_it_passes

# ---- An object that was stored before brgate came
gate_unregister >/dev/null 2>&1
given "without brgate: a bad backup" kubectl create -n default -f <(backup old 'backupMode: log' 'logSubcommand: log-stop')
given "brgate again" gate_register
when "kubectl label backup old" kubectl label backup old -n default tier=gold
then_it_passes "a label goes on what was bad before"
when "kubectl patch backup old: another field" \
    kubectl patch backup old -n default --type=merge -p '{"spec":{"calcSizeLevel":"all"}}'
then_it_passes "so does a change elsewhere"
when "kubectl patch backup old: another mistake" kubectl patch backup old -n default --type=merge -p '{"spec":{"s3":{"bucket":""}}}'
then_has "a new mistake does not" "$err" spec.s3.bucket
when "kubectl patch backup old: finalizer" \
    kubectl patch backup old -n default --type=merge -p '{"metadata":{"finalizers":["tidb.pingcap.com/backup-protection"]}}'
then_it_passes
when "kubectl delete backup old" kubectl delete backup old -n default --wait=false
then_it_passes
when "kubectl patch backup old: the operator takes its finalizer off" \
    kubectl patch backup old -n default --type=merge -p '{"metadata":{"finalizers":null}}'
then_it_passes
when "kubectl get backup old" kubectl get backup old -n default
then_has "it is gone" "$err" "not found"

# ---- The end of things
when "kubectl delete backup good" kubectl delete backup good -n default --wait=false
then_it_passes
patch json '[{"op":"remove","path":"/metadata/finalizers"}]'
then_it_passes "the finalizer comes off what is being deleted"
when "deletecollection" kubectl delete --raw /apis/br.pingcap.com/v1alpha1/namespaces/default/backups
then_it_passes
then_equal "nothing is left" "$(kubectl get backup -n default -o name)" ""
gate_down
