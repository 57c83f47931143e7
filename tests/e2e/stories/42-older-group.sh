# Story: in pingcap.com the operator writes status through the main resource

given "brgate guards the cluster" gate_up
group=pingcap.com
bk=backups.v1alpha1.pingcap.com

when "kubectl create of a log backup in the older group" kubectl create -n default -f <(backup log "backupMode: log")
then_it_passes
when "the operator's first write" kubectl patch $bk log -n default --type=merge \
    -p '{"status":{"phase":"Running","commitTs":"436568622965194754","conditions":[{"type":"Running","status":"True"}]}}'
then_it_passes
then_equal "is stored" "$(kubectl get $bk log -n default -o jsonpath='{.status.phase}')" Running
when "kubectl patch: log-stop" kubectl patch $bk log -n default --type=merge -p '{"spec":{"logSubcommand":"log-stop"}}'
then_it_passes
when "the operator's answer" kubectl patch $bk log -n default --type=merge -p '{"status":{"phase":"Stopped"}}'
then_it_passes
when "kubectl patch: log-start" kubectl patch $bk log -n default --type=merge -p '{"spec":{"logSubcommand":"log-start"}}'
then_it_is_refused "stopped is for good here too" <<'TXT'
The Backup "log" is invalid: spec.logSubcommand: Invalid value: "log-start": a stopped log backup cannot be started again: the operator ignores the command; create a new Backup with another name and prefix, and take a snapshot [log-start-after-stop]
TXT
for lost in '{"status":null}' '{"status":{"commitTs":null}}' '{"status":{"phase":""}}'; do
    when "kubectl patch: $lost" kubectl patch $bk log -n default --type=merge -p "$lost"
    then_has "no edit makes the operator forget that it has started" "$err" "[status-removed]"
done
when "kubectl patch: another bucket, without a status" kubectl patch $bk log -n default --type=merge \
    -p '{"spec":{"s3":{"bucket":"other"}},"status":null}'
then_has "nor in one go" "$err" "[log-immutable]"
when "kubectl create of a bad one" kubectl create -n default -f <(backup bad | sed 's/aws/amazon/')
then_it_is_refused "it is refused like in the new group" <<'TXT'
The Backup "bad" is invalid: spec.s3.provider: Unsupported value: "amazon": supported values: "aws", "ceph", "alibaba", "digitalocean", "dreamhost", "ibmcos", "minio", "netease", "wasabi", "other"; write aws [provider-unknown]
TXT
when "kubectl delete" kubectl delete $bk log -n default
then_it_passes
gate_down
