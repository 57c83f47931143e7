# Story: the controller's Jobs run the real BR: from the start of a log to its end, with real failures

br_bin=$(E2E_CACHE=${E2E_CACHE:-} "$here/br/build" --where) || {
    say Note "left out: the real BR is not built (./dev e2e --build-br builds it, once, in a quarter of an hour)"
    exit 0
}
s3_port=$(port_free)
tidb_s3=http://127.0.0.1:$s3_port
process_start s3 "$br_bin/gofakes3" -backend memory -initialbucket my-bucket -host "127.0.0.1:$s3_port"
pd_start() { # replaces that of cluster/tidb.sh, with a stub of the whole cluster
    local pd
    pd=$(port_free)
    echo "$pd" >"$work/pd.port"
    process_start pd "$br_bin/stub-cluster" -addr "127.0.0.1:$pd" -peer "127.0.0.1:$(port_free)" -tikv "127.0.0.1:$(port_free)" \
        -status "127.0.0.1:$(port_free)" -dir "$work/pd.data"
    wait_for 90 grep -q '^ready' "$work/log/pd"
}
kubelet_br=$br_bin/br
given "a stub of a TiDB cluster, an S3 server, and pods that run BR" tidb_up
given "the account that the chart gives the controller" reconciler_account
in_tidb() { kubectl -n "$tidb_namespace" "$@"; }
status_of() { in_tidb get backups.br.pingcap.com "$1" -o "jsonpath={.status.$2}"; }
objects() { curl -fs "$tidb_s3/my-bucket?list-type=2&prefix=$1" | grep -o '<Key>[^<]*' | sed 's/<Key>//'; }
br_log_status() { "$br_bin/br" log status "--pd=127.0.0.1:$(<"$work/pd.port")" --json 2>/dev/null | grep -m 1 '^\['; }
reconciler_start one
given "it leads" wait_for 90 reconciler_leads one

# ---- a full backup
given "a Backup" eval 'snapshot_backup full1 | in_tidb apply -f -'
then_true "BR completes it" wait_for 240 phase_is full1 Complete
then_has "the bucket has its meta file" "$(objects full1/)" full1/backupmeta
then_equal "commitTs is what BR wrote there" "$(status_of full1 commitTs)" "$(AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret AWS_REGION=us-east-1 \
    "$br_bin/br" debug decode --field=end-version --storage=s3://my-bucket/full1 --s3.endpoint="$tidb_s3" --s3.provider=minio 2>/dev/null | tail -n 1)"

# ---- a second one in the same place: BR's own refusal
given "another Backup with the same folder" eval 'snapshot_backup full1 | sed "s/name: full1/name: full2/" | in_tidb apply -f -'
then_true "it fails, or its retry waits" wait_for 240 eval 'phase_is full2 Failed || phase_is full2 RetryFailed'
then_has "with BR's words" "$(in_tidb get backups.br.pingcap.com full2 -o 'jsonpath={.status.conditions[*].message}')" "backup meta file exists"
in_tidb delete backups.br.pingcap.com full2 --timeout=240s >/dev/null 2>&1
then_has "the data of the first one is still there" "$(objects full1/)" full1/backupmeta

# ---- the life of a log backup
given "a log Backup" eval 'log_backup log1 | in_tidb apply -f -'
then_true "it runs" wait_for 240 phase_is log1 Running
started() { [[ $(status_of log1 commitTs) ]]; }
then_true "its start is noted" wait_for 90 started
then_has "the cluster has the task" "$(br_log_status)" '"name":"log1"'
log_says() { in_tidb patch backups.br.pingcap.com log1 --type=merge -p "{\"spec\": $1}"; }

given "a second log Backup of the same cluster" eval 'log_backup log2 | in_tidb apply -f -'
then_true "it fails" wait_for 240 phase_is log2 Failed
then_has "with BR's words" "$(status_of log2 'conditions[*].message')" "allow only one running task"
when "it is deleted" in_tidb delete backups.br.pingcap.com log2 --timeout=300s
then_it_passes "it is deleted"
then_has "the first one's task goes on" "$(br_log_status)" '"name":"log1"'

given "its spec asks for a pause" log_says '{"logSubcommand": "log-pause"}'
then_true "it pauses" wait_for 240 phase_is log1 Paused
then_has "in the cluster, too" "$(br_log_status)" '"status":"PAUSE"'
given "its spec asks for a resume" log_says '{"logSubcommand": "log-start"}'
then_true "it runs again" wait_for 240 phase_is log1 Running
then_has "in the cluster, too" "$(br_log_status)" '"status":"NORMAL"'
until_tso=$(tso_now)
given "its checkpoint advances" eval 'sleep 1; pd_checkpoint log1 "$(tso_now)"'
given "its spec asks to truncate the log before that" log_says "{\"logTruncateUntil\": \"$until_tso\"}"
truncated() { [[ $(status_of log1 logSuccessTruncateUntil) == "$until_tso" ]]; }
then_true "BR truncates it" wait_for 240 truncated
then_has "and records that in the bucket" "$(objects log1/)" log1/v1_stream_trancate_safepoint.txt

# ---- the log backup is stopped, and the cluster has no task
given "its spec asks for a stop" log_says '{"logSubcommand": "log-stop"}'
then_true "it stops" wait_for 240 phase_is log1 Stopped
then_equal "the cluster has no task any more" "$(br_log_status)" "[]"

# ---- a start whose pod dies after BR has done its work: the cluster is asked, and BR is not run again
: >"$work/kubelet/die.log-start"
given "a log Backup whose first pod dies without a report" eval 'log_backup log3 | in_tidb apply -f -'
then_true "the controller finds it running" wait_for 300 phase_is log3 Running
found() { [[ $(status_of log3 'logSubCommandStatuses.log-start.phase') == Complete ]]; }
then_true "its start counts as done" wait_for 240 found
then_equal "BR was not run a second time" "$(kubelet_runs '^log-start log3 ')" 1
then_has "the cluster has the task" "$(br_log_status)" '"name":"log3"'

# ---- deletion stops the task first
when "it is deleted" in_tidb delete backups.br.pingcap.com log3 --timeout=300s
then_it_passes "it is deleted"
then_equal "and so does its task" "$(br_log_status)" "[]"

then_equal "nothing was done twice" "$(done_twice | grep -v 'folder')" ""
then_true "the namespace is deleted: no finalizer holds it" namespace_goes
process_stop one
tidb_down >/dev/null 2>&1
process_stop s3
