# Story: the document on backups with Dumpling, in a cluster that has only the older group

documents=tests/corpus/manifests
given "the older group's definitions alone" kubectl delete crd --timeout=240s \
    backups.br.pingcap.com backupschedules.br.pingcap.com compactbackups.br.pingcap.com
trap 'rm -rf "$HOME/.kube/cache"; definitions_install' EXIT
group=pingcap.com
newer_is_gone() { ! kubectl get --raw /apis/br.pingcap.com; }
given "the API server no longer knows the newer group" wait_for 90 newer_is_gone
rm -rf "$HOME/.kube/cache" # what kubectl remembers of it
given "brgate guards the cluster" gate_up
given "a namespace test1" kubectl create namespace test1

apply() { when "kubectl apply -f $1.yaml" kubectl apply -n test1 -f "$documents/$1.yaml"; }
filled() { # filled NAME: with its placeholders replaced
    sed 's/\${tidb_host}/demo1-tidb/; s/\${tidb_port}/4000/; s/\${tidb_user}/root/; s/\${region}/us-west-1/
         s/\${bucket}/my-bucket/; s#\${endpoint}#http://ceph.example:7480#' "$documents/$1.yaml"
}
apply_filled() { when "kubectl apply -f $1.yaml, filled in" kubectl apply -n test1 -f <(filled "$1"); }

# ---- As printed
port='must be of type integer: "string"; expected a whole number [schema-type]'
apply v1-mydumper-s3
then_it_is_refused "placeholders: a port is a number" <<TXT
The Backup "demo1-backup-s3" is invalid: spec.from.port: Invalid value: "string": spec.from.port in body $port
TXT
apply v1-mydumper-ceph
then_it_is_refused "and an endpoint a URL" <<TXT
The Backup "demo1-backup-s3" is invalid: 
* spec.from.port: Invalid value: "string": spec.from.port in body $port
* spec.s3.endpoint: Invalid value: "\${endpoint}": no scheme; variables are not expanded here [s3-endpoint-url]
TXT
for name in mydumper-iam-pod mydumper-iam-serviceaccount schedule-s3 schedule-ceph; do
    apply v1-$name-broken-indent
    then_has "kubectl itself has no use for an object whose name stands at the wrong place" "$err" "resource name may not be empty"
    when "brgate lint v1-$name-broken-indent.yaml" "$brgate" lint "$documents/v1-$name-broken-indent.yaml"
    then_has "the linter says what to do" "$code $out" "indent it"
done
apply v1-schedule-iam-pod
then_it_is_refused "a port in a template" <<TXT
The BackupSchedule "demo1-backup-schedule-s3" is invalid: spec.backupTemplate.from.port: Invalid value: "string": spec.backupTemplate.from.port in body $port
TXT
apply v1-schedule-iam-serviceaccount
then_it_is_refused "a field of the template that stands outside of it" <<'TXT'
Error from server (BadRequest): error when creating "tests/corpus/manifests/v1-schedule-iam-serviceaccount.yaml": BackupSchedule in version "v1alpha1" cannot be handled as a BackupSchedule: strict decoding error: unknown field "spec.serviceAccount"
TXT

# ---- With values
for name in s3 ceph; do
    apply_filled v1-mydumper-$name
    then_it_passes "a backup to $name"
done
when "the operator's status" kubectl patch bk demo1-backup-s3 -n test1 --type=merge -p \
    '{"status":{"phase":"Complete","backupPath":"s3://my-bucket/demo1","backupSizeReadable":"5 MB","conditions":[{"type":"Complete","status":"True"}]}}'
then_it_passes
when "kubectl get bk -n test1 -owide" kubectl get bk -n test1 -owide
then_it_lists "it tells how it went" <<'TXT'
NAME             STATUS    BACKUPPATH            BACKUPSIZE
demo1-backup-s3  Complete  s3://my-bucket/demo1  5 MB
TXT
apply_filled v1-schedule-iam-pod
then_it_passes
when "kubectl get bks -n test1 -owide" kubectl get bks -n test1 -owide
then_it_lists "the schedule" <<'TXT'
NAME                      SCHEDULE     MAXRESERVEDTIME
demo1-backup-schedule-s3  */2 * * * *  3h
TXT
kubectl delete namespace test1 --timeout=240s >/dev/null 2>&1
gate_down
