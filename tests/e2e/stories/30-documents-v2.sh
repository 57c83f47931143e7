# Story: the document on backups with BR, command by command, with brgate at the door

documents=tests/corpus/manifests
given "brgate guards the cluster" gate_up
given "a namespace test1" kubectl create namespace test1

apply() { when "kubectl apply -f $1.yaml" kubectl apply -n test1 -f "$documents/$1.yaml"; }
edit() { # edit NAME SED-PROGRAM: what a person does in the editor
    when "kubectl edit backup $1: $2" env KUBE_EDITOR="sed -i '$2'" \
        "$bin/kubectl" --kubeconfig "$work/apiserver.kubeconfig" edit backup "$1" -n test1
}
as_the_operator() { # as_the_operator KIND NAME STATUS
    when "the operator writes the status of $2" \
        kubectl patch "$1" "$2" -n test1 --subresource=status --type=merge -p "{\"status\":{$3}}"
    then_it_passes "the operator's write passes"
}
again() { kubectl delete -n test1 "$@" >/dev/null 2>&1; }
in_phase() { echo "\"conditions\":[{\"type\":\"$1\",\"status\":\"True\",\"reason\":\"$1\",\"message\":\"\",
    \"lastTransitionTime\":\"2022-10-10T04:45:31Z\"}],\"phase\":\"$1\""; }

# ---- Ad-hoc backup
apply v2-rbac
then_it_passes
for way in accesskey iam-pod iam-serviceaccount; do
    apply v2-backup-s3-$way
    then_it_passes "a snapshot backup with $way"
    [[ $way == iam-serviceaccount ]] || again backup demo1-full-backup-s3
done
as_the_operator backup demo1-full-backup-s3 "$(in_phase Complete),\"commitTs\":\"436979621972148225\",
    \"backupPath\":\"s3://my-bucket/my-full-backup-folder/\""
when "kubectl get backup -n test1 -o wide" kubectl get backup -n test1 -o wide
then_it_lists "as the document prints it" <<'TXT'
NAME                   TYPE   MODE       STATUS     BACKUPPATH                              COMMITTS             ...
demo1-full-backup-s3   full   snapshot   Complete   s3://my-bucket/my-full-backup-folder/   436979621972148225   ...
TXT
again backup demo1-full-backup-s3

# ---- Log backup
for impatient in pause stop; do
    apply v2-log-$impatient
    then_it_is_refused "what was never started cannot be told to $impatient" <<TXT
The Backup "demo1-log-backup-s3" is invalid: spec.logSubcommand: Invalid value: "log-$impatient": a log backup created with it waits forever, because nothing was started; create it with log-start; use log-$impatient on a running log backup [log-create-with-stop]
TXT
done
apply v2-log-start
then_it_passes "the log backup starts"
as_the_operator backup demo1-log-backup-s3 "$(in_phase Running),\"commitTs\":\"436568622965194754\",
    \"logCheckpointTs\":\"436569119308644661\",\"backupPath\":\"s3://my-bucket/my-log-backup-folder/\",
    \"logSubCommandStatuses\":{\"log-start\":{\"command\":\"log-start\",\"phase\":\"Complete\"}}"
when "kubectl get backup -n test1" kubectl get backup -n test1
then_it_lists "it runs" <<'TXT'
NAME                       MODE   STATUS   ....
demo1-log-backup-s3        log    Running  ....
TXT
when "kubectl describe backup -n test1" kubectl describe backup -n test1
then_has "with the moment to which it can be restored" "$(tr -s ' ' <<<"$out")" "Log Checkpoint Ts: 436569119308644661"

edit demo1-log-backup-s3 's/^  backupMode: log$/&\n  logSubcommand: log-pause/'
then_it_passes "it can be paused"
then_it_warns "and it is said for how long" "24 hours"
as_the_operator backup demo1-log-backup-s3 "$(in_phase Paused)"
when "kubectl get backup -n test1" kubectl get backup -n test1
then_it_lists "it pauses (the operator writes Paused, the document Pause)" <<'TXT'
NAME                       MODE     STATUS    ....
demo1-log-backup-s3        log      Paused    ....
TXT
edit demo1-log-backup-s3 s/log-pause/log-start/
then_it_passes "it can be resumed"
as_the_operator backup demo1-log-backup-s3 "$(in_phase Running)"
when "kubectl get backup -n test1" kubectl get backup -n test1
then_it_lists "it runs again" <<'TXT'
NAME                       MODE     STATUS    ....
demo1-log-backup-s3        log      Running   ....
TXT
edit demo1-log-backup-s3 s/log-start/log-stop/
then_it_passes "it can be stopped"
then_it_warns "and it is said that this is final" "final"
as_the_operator backup demo1-log-backup-s3 "$(in_phase Stopped)"
when "kubectl get backup -n test1" kubectl get backup -n test1
then_it_lists "it has stopped" <<'TXT'
NAME                       MODE     STATUS    ....
demo1-log-backup-s3        log      Stopped   ....
TXT
edit_spec() { # edit_spec TEXT PATCH
    when "kubectl patch: $1" kubectl patch backup demo1-log-backup-s3 -n test1 --type=merge -p "{\"spec\":$2}"
}
edit_spec "log-start after the stop" '{"logSubcommand":"log-start"}'
then_it_is_refused "stopped is for good" <<'TXT'
The Backup "demo1-log-backup-s3" is invalid: spec.logSubcommand: Invalid value: "log-start": a stopped log backup cannot be started again: the operator ignores the command; create a new Backup with another name and prefix, and take a snapshot [log-start-after-stop]
TXT
edit_spec "log-pause after the stop" '{"logSubcommand":"log-pause"}'
then_it_is_refused "there is nothing left to pause" <<'TXT'
The Backup "demo1-log-backup-s3" is invalid: spec.logSubcommand: Invalid value: "log-pause": a stopped log backup cannot be paused: its task no longer exists; keep log-stop [log-start-after-stop]
TXT

apply v2-log-truncate-placeholder
then_it_is_refused "the document's three words at once are not a command" <<'TXT'
The Backup "demo1-log-backup-s3" is invalid: 
* spec.logSubcommand: Unsupported value: "log-start/log-pause/log-stop": supported values: "log-start", "log-stop", "log-pause", "log-resume", "log-truncate" [schema-enum]
* spec.logTruncateUntil: Invalid value: "2022-10-10T15:21:00+08:00": is beyond the checkpoint, 2022-10-10T05:17:05.683Z: the entire log would be deleted; write a time before the oldest snapshot that you still want to restore [truncate-future]
TXT
edit_spec "truncate beyond the checkpoint" '{"logTruncateUntil":"2022-10-10T15:21:00+08:00"}'
then_it_is_refused "that would delete logs which nothing can replace" <<'TXT'
The Backup "demo1-log-backup-s3" is invalid: spec.logTruncateUntil: Invalid value: "2022-10-10T15:21:00+08:00": is beyond the checkpoint, 2022-10-10T05:17:05.683Z: the entire log would be deleted; write a time before the oldest snapshot that you still want to restore [truncate-future]
TXT
as_the_operator backup demo1-log-backup-s3 '"logCheckpointTs":"436979621972148225"'
edit demo1-log-backup-s3 's/^  logSubcommand:.*/&\n  logTruncateUntil: "2022-10-10T15:21:00+08:00"/'
then_it_passes "it can be truncated up to where the checkpoint has passed"
as_the_operator backup demo1-log-backup-s3 '"logSuccessTruncateUntil":"2022-10-10T15:21:00+08:00"'
when "kubectl get backup -n test1 -o wide" kubectl get backup -n test1 -o wide
then_it_lists "as the document prints it" <<'TXT'
NAME                   MODE       STATUS     ...   LOGTRUNCATEUNTIL
demo1-log-backup-s3    log        Stopped    ...   2022-10-10T15:21:00+08:00
TXT
when "kubectl describe backup -n test1" kubectl describe backup -n test1
then_has "and describes it" "$(tr -s ' ' <<<"$out")" "Log Success Truncate Until: 2022-10-10T15:21:00+08:00"

# ---- Compaction
apply v2-compact-placeholder
then_it_is_refused "stars are not a moment" <<'TXT'
The CompactBackup "demo1-compact-backup" is invalid: 
* spec.endTs: Invalid value: "***": neither a TSO nor a time; write a TSO or a time such as 2022-10-10T15:21:00+08:00 [compact-ts]
* spec.startTs: Invalid value: "***": neither a TSO nor a time; write a TSO or a time such as 2022-10-10T15:21:00+08:00 [compact-ts]
TXT
when "kubectl apply with the log backup's own moments" kubectl apply -f - < <(sed -e '0,/"\*\*\*"/s//"436568622965194754"/' \
    -e '0,/"\*\*\*"/s//"436569119308644661"/' "$documents/v2-compact-placeholder.yaml")
then_it_passes
as_the_operator compactbackup demo1-compact-backup \
    '"state":"Complete","progress":"[READ_META(17/17),COMPACT_WORK(1291/1291)]"'
when "kubectl get cpbk -n test1" kubectl get cpbk -n test1
then_it_lists "as the document prints it" <<'TXT'
NAME                   STATUS                   PROGRESS                                     MESSAGE
demo1-compact-backup   Complete   [READ_META(17/17),COMPACT_WORK(1291/1291)]
TXT

# ---- Examples
for example in all one-database one-table several-tables; do
    apply v2-example-$example
    then_it_passes "the example $example"
    again backup demo1-backup-s3
done

# ---- Schedules
for way in accesskey iam-pod iam-serviceaccount; do
    apply v2-schedule-$way
    then_it_passes "a schedule with $way"
done
when "kubectl get bks -n test1 -o wide" kubectl get bks -n test1 -o wide
then_it_lists "the schedule" <<'TXT'
NAME                      SCHEDULE     MAXRESERVEDTIME
demo1-backup-schedule-s3  */2 * * * *  3h
TXT

apply v2-schedule-with-log
then_it_passes "a schedule with a log backup"
apply v2-schedule-with-log-and-compact
then_it_passes "and compaction"
then_it_warns "with a word on its interval" compactInterval
for child in integrated-backup-schedule-s3-2023-03-08t02-45-00:snapshot:Complete log-integrated-backup-schedule-s3:log:Running; do
    IFS=: read -r name mode phase <<<"$child"
    backup "$name" "backupMode: $mode" | kubectl create -n test1 -f - >/dev/null 2>&1
    kubectl label backup "$name" -n test1 tidb.pingcap.com/backup-schedule=integrated-backup-schedule-s3 >/dev/null 2>&1
    as_the_operator backup "$name" "$(in_phase "$phase")"
done
when "kubectl get bk -l tidb.pingcap.com/backup-schedule=integrated-backup-schedule-s3 -n test1" \
    kubectl get bk -l tidb.pingcap.com/backup-schedule=integrated-backup-schedule-s3 -n test1
then_it_lists "as the document prints it" <<'TXT'
NAME                                                   MODE       STATUS    ....
integrated-backup-schedule-s3-2023-03-08t02-45-00      snapshot   Complete  ....
log-integrated-backup-schedule-s3                      log        Running   ....
TXT

when "kubectl delete namespace test1" kubectl delete namespace test1 --timeout=240s
then_it_passes "everything goes"
gate_down
