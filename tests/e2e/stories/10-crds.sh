# Story: the resource definitions are installed and explain themselves

crds="backups.br.pingcap.com backups.pingcap.com backupschedules.br.pingcap.com backupschedules.pingcap.com
      compactbackups.br.pingcap.com compactbackups.pingcap.com"
"$brgate" crds >"$work/crds.yaml"

when "brgate crds | kubectl apply -f -" kubectl apply -f "$work/crds.yaml"
then_it_passes "they go in by client-side apply too (the annotation that it writes has room for 256 KiB)"
kubectl delete -f "$work/crds.yaml" --wait >/dev/null 2>&1

when "brgate crds | kubectl apply --server-side -f -" kubectl apply --server-side -f "$work/crds.yaml"
then_it_passes
then_equal "six kinds" "$(sed 's/ serverside-applied//; s/.*k8s.io.//' <<<"$out" | sort | xargs)" "$(xargs <<<"$crds")"
then_true "every one is established" kubectl wait --for=condition=Established --timeout=120s crd $crds
for crd in $crds; do
    then_equal "$crd: the API server has no fault to find with its schema" \
        "$(kubectl get crd "$crd" -o jsonpath='{.status.conditions[?(@.type=="NonStructuralSchema")].message}')" ""
done
when "kubectl apply --server-side again" kubectl apply --server-side -f "$work/crds.yaml"
then_it_passes

explained() { kubectl explain backup.spec --api-version=br.pingcap.com/v1alpha1 && kubectl explain bks.spec --api-version=br.pingcap.com/v1alpha1; }
given "the API server publishes their schemas, which takes a moment" eval 'definitions_install && wait_for 60 explained'
when "kubectl explain backup.spec.s3.provider" \
    kubectl explain backup.spec.s3.provider --api-version=br.pingcap.com/v1alpha1
then_equal "it shows what the field is for, and its values" "$out" "$(cat <<'TXT'
GROUP:      br.pingcap.com
KIND:       Backup
VERSION:    v1alpha1

FIELD: provider <string>
ENUM:
    ""
    aws
    ceph
    alibaba
    digitalocean
    dreamhost
    ibmcos
    minio
    netease
    wasabi
    other

DESCRIPTION:
    Provider of the service. "other" for one that is not listed.
    
TXT
)"

when "kubectl explain backup.spec" kubectl explain backup.spec --api-version=br.pingcap.com/v1alpha1
then_has "it says what the spec is" "$out" "What is backed up, by which tool, and where to."
when "kubectl explain of a field of Kubernetes' own" kubectl explain bks.spec.backupTemplate.tolerations.effect --api-version=br.pingcap.com/v1alpha1
then_has "it is explained as well" "$out" "NoSchedule, PreferNoSchedule or NoExecute; any when empty."

# The documents leave columns out; these are all of them.
given "one object of each kind" kubectl create -n default -f - <<'YAML'
apiVersion: v1
kind: List
items:
- {apiVersion: br.pingcap.com/v1alpha1, kind: Backup, metadata: {name: one}, spec: {}}
- {apiVersion: br.pingcap.com/v1alpha1, kind: CompactBackup, metadata: {name: one}, spec: {}}
- {apiVersion: br.pingcap.com/v1alpha1, kind: BackupSchedule, metadata: {name: one}, spec: {schedule: "0 2 * * *", backupTemplate: {}}}
YAML
titles() { kubectl get "$@" -n default 2>/dev/null | head -n 1 | tr -s ' '; }
then_equal "kubectl get bk" "$(titles bk)" \
    "NAME TYPE MODE STATUS BACKUPPATH BACKUPSIZE COMMITTS LOGTRUNCATEUNTIL TIMETAKEN AGE"
then_equal "kubectl get bk -o wide" "$(titles bk -o wide)" \
    "NAME TYPE MODE STATUS BACKUPPATH BACKUPSIZE COMMITTS LOGTRUNCATEUNTIL STARTED COMPLETED TIMETAKEN AGE"
then_equal "kubectl get bks" "$(titles bks)" "NAME SCHEDULE MAXBACKUPS MAXRESERVEDTIME AGE"
then_equal "kubectl get bks -o wide" "$(titles bks -o wide)" \
    "NAME SCHEDULE MAXBACKUPS MAXRESERVEDTIME LASTBACKUP LASTBACKUPTIME AGE"
then_equal "kubectl get cpbk" "$(titles cpbk)" "NAME STATUS PROGRESS MESSAGE"
kubectl delete bk,bks,cpbk --all -n default >/dev/null 2>&1
