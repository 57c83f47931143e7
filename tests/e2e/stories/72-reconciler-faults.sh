# Story: whichever process dies, each backup is made once, and another replica takes over within the lease

kills=${E2E_KILLS:-6} restarts=${E2E_API_RESTARTS:-1}
given "a TiDB cluster, and pods that run" tidb_up
given "the account that the chart gives the controller" reconciler_account
in_tidb() { kubectl -n "$tidb_namespace" "$@"; }
reconciler_start one
then_true "one replica leads" wait_for 90 reconciler_leads one
reconciler_start two
waits() { curl -fs "http://127.0.0.1:$(<"$work/$1.health")/readyz" && [[ $(reconciler_metric "$1" leader) == 0 ]]; }
then_true "another one is ready, and waits" wait_for 90 waits two
given "three schedules, each of a cluster of its own" in_tidb apply -f - <<YAML
$(for name in a b c; do
    tidb_cluster "$name"
    cat <<ONE
---
apiVersion: br.pingcap.com/v1alpha1
kind: BackupSchedule
metadata: {name: $name}
spec:
  schedule: "@every 7s"
  maxBackups: 4
  backupTemplate: {backupType: full, cleanPolicy: Delete, $(cluster=$name backup_storage "$name")}
ONE
done)
YAML
leader=one other=two

# ---- SIGKILL at random moments; the killed replica starts again
for ((i = 0; i < kills; i++)); do
    sleep "$((RANDOM % 3)).$((RANDOM % 10))"
    process_signal "$leader" KILL
    wait_for 5 process_gone "$leader"
    before=$SECONDS
    reconciler_start "$leader"
    if ! wait_for 25 reconciler_leads "$other"; then
        # The restarted replica may be faster.
        wait_for 5 reconciler_leads "$leader" || missed "another replica takes over" "no replica leads $((SECONDS - before))s after kill $i" "within the lease"
        continue
    fi
    ((SECONDS - before <= 20)) || missed "the other one takes over within the lease" "$((SECONDS - before))s" "15 s, and 2 until it looks"
    read -r leader other <<<"$other $leader"
done
passed "$kills times the leader was killed, and another one took over"

then_equal "nothing was refused" "$(reconciler_refused)" ""

# ---- the API server restarts (at its start it refuses every client for a moment)
for ((i = 0; i < restarts; i++)); do
    process_stop apiserver 1
    given "the API server starts again" apiserver_start apiserver
done
someone_leads() { reconciler_leads one || reconciler_leads two; }
then_true "after $restarts restarts of the API server a replica leads" wait_for 120 someone_leads
given "the controllers of Kubernetes" eval 'process_alive controllers || controllers_start'
newest() { in_tidb get bk --sort-by=.metadata.creationTimestamp -o 'jsonpath={.items[-1:].metadata.name}' 2>/dev/null; }
before=$(newest)
goes_on() { [[ $(newest) != "$before" ]]; }
then_true "backups continue" wait_for 240 goes_on

# ---- a pod dies without a report, and a person deletes a Job
: >"$work/kubelet/die.snapshot"
died() { [[ ! -e $work/kubelet/die.snapshot ]]; }
given "a pod dies without a report" wait_for 240 died

# ---- the end
kept() { # of each schedule
    in_tidb get bk -o 'jsonpath={range .items[?(@.status.phase=="Complete")]}{.metadata.labels.tidb\.pingcap\.com/backup-schedule}{"\n"}{end}' 2>/dev/null |
        sort | uniq -c | awk '{ printf "%s%s=%s", sep, $2, $1 <= 4 ? "at most 4" : $1; sep = " " }'
}
is_kept() { [[ $(kept) == "a=at most 4 b=at most 4 c=at most 4" ]]; }
then_true "retention keeps four of each schedule" wait_for 300 is_kept
given "the schedules pause" in_tidb patch backupschedules.br.pingcap.com a b c --type=merge -p '{"spec": {"pause": true}}'
quiet() { ! in_tidb get jobs -o 'jsonpath={.items[*].status.active}' | grep -q 1; }
given "all running Jobs end" wait_for 240 quiet
twice=$(done_twice | grep -v "$(awk '$4 == 137 { print $2 }' "$work/kubelet/runs" | head -n 1)")
then_equal "nothing was done twice, except for the backup whose pod died" "$twice" ""
then_true "many backups were made ($(kubelet_runs '^snapshot'))" test "$(kubelet_runs '^snapshot')" -ge "$kills"
orphans() { in_tidb get jobs -o 'jsonpath={range .items[*]}{.metadata.ownerReferences[0].name}{"\n"}{end}' |
    grep -vxFf <(in_tidb get bk -o 'jsonpath={range .items[*]}{.metadata.name}{"\n"}{end}' 2>/dev/null); }
no_orphans() { [[ -z $(orphans) ]]; }
then_true "no Job is left without its Backup" wait_for 120 no_orphans
# ---- SIGTERM gives the lease back: the other one leads at once
someone_leads
reconciler_leads one && leader=one other=two || leader=two other=one
before=$SECONDS
process_signal "$leader" TERM
then_true "the leader ends" wait_for 60 process_gone "$leader"
then_true "the other one leads within seconds" wait_for 8 reconciler_leads "$other"

# ---- it has not seen the backups that it has to clean
given "everything is deleted" in_tidb delete backupschedules.br.pingcap.com,backups.br.pingcap.com --all --wait=false
no_backups() { local names && names=$(in_tidb get backups.br.pingcap.com -o name) && [[ ! $names ]]; }
then_true "the new leader cleans the data, and the deletion ends" wait_for 240 no_backups
process_stop one
process_stop two
tidb_down >/dev/null 2>&1
