# Story: what is stored has the documented defaults

given "brgate guards the cluster" gate_up

stored() { # stored KIND NAME JSONPATH
    kubectl get "$1" "$2" -n default -o jsonpath="{$3}"
}

given "a backup on AWS" kubectl create -n default -f <(backup aws)
then_equal "acl and storage class are the documents'" "$(stored backup aws .spec.s3.acl) $(stored backup aws .spec.s3.storageClass)" \
    "private STANDARD_IA"
then_equal "a failed snapshot is tried again as documented" "$(stored backup aws .spec.backoffRetryPolicy)" \
    '{"maxRetryTimes":2,"minRetryDuration":"300s","retryTimeout":"30m"}'
given "one on Ceph" kubectl create -n default -f \
    <(backup ceph | sed 's/provider: aws/provider: ceph, endpoint: "http:\/\/ceph.example:7480"/')
then_equal "gets none of AWS's" "$(stored backup ceph .spec.s3.acl)$(stored backup ceph .spec.s3.storageClass)" ""
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
then_has "has them inside its template" "$out" '"storageClass":"STANDARD_IA"'
kubectl delete backup --all -n default >/dev/null 2>&1
gate_down
