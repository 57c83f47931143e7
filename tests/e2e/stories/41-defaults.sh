# Story: what is stored shows the defaults that would hold anyway

given "brgate guards the cluster" gate_up

stored() { # stored KIND NAME JSONPATH
    kubectl get "$1" "$2" -n default -o jsonpath="{$3}"
}

given "a backup on AWS" kubectl create -n default -f <(backup aws)
then_equal "gets no ACL and no storage class, which BR would send" \
    "$(stored backup aws .spec.s3.acl)$(stored backup aws .spec.s3.storageClass)" ""
then_equal "a failed snapshot is tried again as documented" "$(stored backup aws .spec.backoffRetryPolicy)" \
    '{"maxRetryTimes":2,"minRetryDuration":"300s","retryTimeout":"30m"}'
given "one that Dumpling makes" kubectl create -n default -f - <<'END'
apiVersion: pingcap.com/v1alpha1
kind: Backup
metadata: { name: dumpling }
spec:
  from: { host: basic-tidb, secretName: tidb-secret }
  storageSize: 10Gi
  s3: { provider: aws, region: us-west-1, bucket: my-bucket, prefix: dumpling, secretName: s3-secret }
END
then_equal "shows what the operator gives to rclone" \
    "$(stored backups.pingcap.com dumpling .spec.s3.acl) $(stored backups.pingcap.com dumpling .spec.s3.storageClass)" "private STANDARD_IA"
given "what the program prints" true
"$brgate" default <(backup aws) >"$work/defaulted.yaml"
when "kubectl diff against brgate default" kubectl diff -n default -f "$work/defaulted.yaml"
then_equal "is what the cluster stores" "$code $out" "0 "
generation=$(stored backup aws .metadata.generation)
when "kubectl apply of the manifest again" kubectl apply -n default -f <(backup aws)
then_it_passes
then_equal "does not take the defaults away again" "$(stored backup aws .metadata.generation)" "$generation"
when "kubectl create --dry-run=server -o json of a schedule" \
    kubectl create -n default --dry-run=server \
    -f <(sed '/namespace:/d' tests/corpus/manifests/v2-schedule-accesskey.yaml) -o jsonpath='{.spec.backupTemplate.s3}'
then_equal "has none in its template" "$(grep -c storageClass <<<"$out")" 0
gate_down
given "brgate adds what the documents promise, too" gate_up --defaults=documented
when "kubectl apply of another backup on AWS" kubectl apply -n default -f <(backup moved)
then_it_passes
then_equal "it gets them" "$(stored backup moved .spec.s3.acl) $(stored backup moved .spec.s3.storageClass)" "private STANDARD_IA"
then_equal "and no warning is about what no manifest has" "$(grep -c acl-disabled-bucket <<<"$err")" 0
when "its file moves to MinIO" kubectl apply -n default \
    -f <(backup moved | sed 's/provider: aws/provider: minio, endpoint: "http:\/\/minio.example:9000"/')
then_it_passes
then_has "the author learns where the ACL comes from" "$err" "no manifest sets acl, a default added it"
kubectl delete backup --all -n default >/dev/null 2>&1
kubectl delete backups.pingcap.com --all -n default >/dev/null 2>&1
gate_down
