# Story: a namespace full of backups can be deleted, children and all

given "brgate guards the cluster" gate_up
given "a namespace" kubectl create namespace full
given "a schedule in it" kubectl create -n full -f <(sed 's/namespace: test1/namespace: full/' \
    tests/corpus/manifests/v2-schedule-with-log.yaml)
uid=$(kubectl get backupschedules.br.pingcap.com -n full -o jsonpath='{.items[0].metadata.uid}')
owner="ownerReferences: [{apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, name: integrated-backup-schedule-s3, uid: $uid}]"
for child in child-1 child-2 child-3; do
    given "a backup that the schedule owns" kubectl create -n full -f <(backup $child | sed "s|name: $child}|name: $child, $owner}|")
done
when "kubectl delete bks" kubectl delete bks --all -n full
then_it_passes
no_backups() { [[ -z $(kubectl get backup -n full -o name) ]]; }
then_true "the garbage collector deletes what it owned" wait_for 120 no_backups
given "another backup" kubectl create -n full -f <(backup last)
when "kubectl delete namespace full" kubectl delete namespace full --timeout=240s
then_it_passes "the namespace controller may delete everything"
gate_down
