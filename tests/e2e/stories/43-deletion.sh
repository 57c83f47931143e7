# Story: what is being deleted is judged, and so is what only looks like it

given "brgate guards the cluster" gate_up

# Server-side apply stores the deletionTimestamp that a manifest brings; kubectl create has it cleared.
born_deleted() { # born_deleted NAME PREFIX [LINE OF SPEC]...
    local name=$1 prefix=$2
    shift 2
    backup "$name" "$@" | sed "s|prefix: $name|prefix: \"$prefix\"|
        s|^metadata: .*|metadata: {name: $name, finalizers: [example.com/kept], deletionTimestamp: \"2020-01-01T00:00:00Z\", deletionGracePeriodSeconds: 0}|"
}

clean_order() { # what the operator of pingcap.com takes for an order to delete what is at the prefix
    born_deleted "$@" "cleanPolicy: Delete"
    printf 'status: {phase: Complete, backupPath: "s3://my-bucket/victim", commitTs: "450000000000000000"}\n'
}

for group in br.pingcap.com pingcap.com; do
    bk=backups.v1alpha1.$group
    when "kubectl apply --server-side of one that is born deleted ($group)" \
        kubectl apply --server-side -n default -f <(born_deleted born "a/../b")
    then_has "it is refused" "$err" "[prefix-traversal]"
    when "kubectl apply --server-side of an order to clean" \
        kubectl apply --server-side -n default -f <(clean_order wipe "../../victim")
    then_has "so is that" "$err" "[prefix-traversal]"
    then_equal "nothing is stored" "$(kubectl get $bk -n default -o name)" ""

    given "a complete backup" kubectl apply --server-side -n default -f <(backup done "cleanPolicy: Delete" |
        sed 's|^metadata: .*|metadata: {name: done, finalizers: [pingcap.com/finalizer, tidb.pingcap.com/backup-protection]}|')
    subresource=()
    [[ $group == pingcap.com ]] || subresource=(--subresource=status)
    given "the operator says that it is" kubectl patch $bk done -n default "${subresource[@]}" --type=merge \
        -p '{"status":{"phase":"Complete","backupPath":"s3://my-bucket/done","commitTs":"450000000000000000"}}'
    edit() { kubectl patch $bk done -n default --type=merge -p "$1"; }
    when "kubectl patch: another prefix" edit '{"spec":{"s3":{"prefix":"victim"}}}'
    then_has "it may not move" "$err" "[storage-immutable]"
    given "it is deleted" kubectl delete $bk done -n default --wait=false
    when "kubectl patch: another prefix" edit '{"spec":{"s3":{"prefix":"victim"}}}'
    then_has "it may not move while it is being deleted either" "$err" "[storage-immutable]"
    when "kubectl patch: another bucket, with the finalizer taken off" edit '{"metadata":{"finalizers":["pingcap.com/finalizer"]},"spec":{"s3":{"bucket":"other"}}}'
    then_has "nor with its finalizer" "$err" "[storage-immutable]"
    when "kubectl patch: cleanPolicy Retain" edit '{"spec":{"cleanPolicy":"Retain"}}'
    then_it_passes "its data may be kept"
    then_it_warns "and what that means is said" "[cleanpolicy-edit]"
    when "kubectl patch: other credentials" edit '{"spec":{"s3":{"secretName":"other"}}}'
    then_it_passes "and cleaned with other credentials"
    when "the finalizers come off" edit '{"metadata":{"finalizers":null}}'
    then_it_passes
    then_equal "it is gone" "$(kubectl get $bk -n default -o name)" ""
done
group=
gate_down
