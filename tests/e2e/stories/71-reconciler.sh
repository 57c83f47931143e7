# Story: the controller alone carries out a schedule, with its log backup and compactions

given "a TiDB cluster, and pods that run" tidb_up
given "the account that the chart gives the controller" reconciler_account
in_tidb() { kubectl -n "$tidb_namespace" "$@"; }

# ---- dry run
reconciler_start one --dry-run
given "a Backup" eval 'snapshot_backup demo1-full-backup-s3 | in_tidb apply -f -'
would() { grep -q '"kind":"Backup".*"would create Job backup-demo1-full-backup-s3' "$work/log/one"; }
then_true "a dry run says what it would do" wait_for 90 would
then_equal "and does nothing" "$(in_tidb get jobs -o name; kubectl get lease -n brgate-system -o name)" ""
process_stop one

# ---- one Backup
reconciler_start one
then_true "it leads and is ready" wait_for 90 reconciler_leads one
then_true "the Backup completes" wait_for 240 phase_is demo1-full-backup-s3 Complete
when "kubectl get backup" in_tidb get backups.br.pingcap.com
then_it_lists "the Backup as in the documentation" <<TXT
NAME                   TYPE   MODE       STATUS     BACKUPPATH                               COMMITTS
demo1-full-backup-s3   full   snapshot   Complete   s3://my-bucket/demo1-full-backup-s3      $(in_tidb get backups.br.pingcap.com demo1-full-backup-s3 -o 'jsonpath={.status.commitTs}')
TXT

# ---- a log backup, from start to its deletion
given "a log Backup" eval 'log_backup demo1-log-backup-s3 | in_tidb apply -f -'
then_true "it runs" wait_for 240 phase_is demo1-log-backup-s3 Running
then_true "kubectl get jobs shows its Job" in_tidb wait --for=condition=Complete --timeout=90s job/backup-demo1-log-backup-s3-log-start
log_says() { in_tidb patch backups.br.pingcap.com demo1-log-backup-s3 --type=merge -p "{\"spec\": $1}"; }
given "its spec asks for a pause" log_says '{"logSubcommand": "log-pause"}'
then_true "it pauses" wait_for 240 phase_is demo1-log-backup-s3 Paused
given "its spec asks for a resume" log_says '{"logSubcommand": "log-start"}'
then_true "it runs again" wait_for 240 phase_is demo1-log-backup-s3 Running
until_tso=$(tso_now)
given "its checkpoint advances" eval 'sleep 1; pd_checkpoint demo1-log-backup-s3 "$(tso_now)"'
given "its spec asks to truncate the log before that" log_says "{\"logTruncateUntil\": \"$until_tso\"}"
truncated() { [[ $(in_tidb get backups.br.pingcap.com demo1-log-backup-s3 -o 'jsonpath={.status.logSuccessTruncateUntil}') == "$until_tso" ]]; }
then_true "it is truncated, once PD says that the log has got that far" wait_for 240 truncated
given "its spec asks for a stop" log_says '{"logSubcommand": "log-stop"}'
then_true "it stops" wait_for 240 phase_is demo1-log-backup-s3 Stopped
when "it is deleted" in_tidb delete backups.br.pingcap.com demo1-log-backup-s3 --timeout=240s
then_it_passes "it is deleted"

# ---- a Backup that the gate denies
given "no webhook guards the cluster, and a Backup is wrong" eval \
    'snapshot_backup wrong | sed "s/provider: minio/provider: minio, storageClass: STANDARD_IA/; s/bucket: my-bucket, //" | in_tidb apply -f -'
denied() { [[ $(in_tidb get events --field-selector reason=Denied,involvedObject.name=wrong -o name) ]] && phase_is wrong Invalid; }
then_true "it gets an Event and a condition" wait_for 90 denied
then_equal "and no Job" "$(in_tidb get job backup-wrong --ignore-not-found -o name)" ""

# ---- a schedule with its log and compactions
given "a BackupSchedule" in_tidb apply -f - <<YAML
apiVersion: br.pingcap.com/v1alpha1
kind: BackupSchedule
metadata: {name: nightly}
spec:
  schedule: "@every 20s"
  maxReservedTime: 3h
  compactInterval: 10s
  backupTemplate: {backupType: full, cleanPolicy: Delete, $(backup_storage full)}
  logBackupTemplate: {backupMode: log, $(backup_storage log)}
  compactBackupTemplate: {concurrency: 4, $(backup_storage log)}
YAML
then_true "its log backup runs" wait_for 240 phase_is log-nightly Running
then_true "two backups of it complete" wait_for 240 backups_are 3 '@.status.phase=="Complete"'
given "its log's checkpoint advances" pd_checkpoint log-nightly "$(tso_now)"
compacted() { [[ $(in_tidb get compactbackups.br.pingcap.com -o 'jsonpath={.items[0].status.state}') == Complete ]]; }
then_true "a compaction completes" wait_for 300 compacted
when "kubectl get bks" in_tidb get backupschedules.br.pingcap.com
then_it_lists "the schedule" <<'TXT'
NAME      SCHEDULE     MAXBACKUPS   MAXRESERVEDTIME
nightly   @every 20s                3h
TXT
compaction=$(in_tidb get compactbackups.br.pingcap.com -o 'jsonpath={.items[0].metadata.name}')
when "kubectl get cpbk" in_tidb get compactbackups.br.pingcap.com "$compaction"
then_has "the compaction" "$(tr -s ' ' <<<"$out")" "$compaction Complete [READ_META(3/3),COMPACT_WORK(2048/2048)]"
given "the schedule pauses" in_tidb patch backupschedules.br.pingcap.com nightly --type=merge -p '{"spec": {"pause": true}}'
quiet() { ! in_tidb get jobs -o 'jsonpath={.items[*].status.active}' | grep -q 1; }
given "all running Jobs end" wait_for 240 quiet
then_equal "nothing was done twice" "$(done_twice)" ""
then_equal "the API server refused it nothing" "$(reconciler_refused)" ""
settled() { local before; before=$(reconciler_metric one writes_total); sleep 5; [[ $(reconciler_metric one writes_total) == "$before" ]]; }
then_true "it has settled: no more writes" wait_for 240 settled
then_true "it asked PD about the log backup" test "$(curl -fs "http://127.0.0.1:$(<"$work/one.health")/metrics" |
    sed -n 's/^brgate_reconcile_requests_total{verb="ask",outcome="ok"} //p')" -gt 0

# ---- the end
then_true "the whole namespace, where no Job can be made any more, is deleted: no finalizer holds it" namespace_goes
process_signal one TERM
then_true "SIGTERM ends it" wait_for 60 process_gone one
then_equal "and the lease is free" "$(kubectl get lease gate-brgate-reconciler -n brgate-system -o 'jsonpath={.spec.holderIdentity}')" ""
tidb_down >/dev/null 2>&1
