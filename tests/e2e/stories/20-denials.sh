# Story: what is wrong is refused, in words that help

given "brgate guards the cluster" gate_up ${sabotage:-}

refuse() { # refuse WHAT SED-PROGRAM [LINE OF SPEC]...  <<TEXT THAT KUBECTL PRINTS
    local what=$1 program=$2
    shift 2
    when "kubectl create of a backup: $what" kubectl create -n default -f - < <(backup wrong "$@" | sed "$program")
    then_it_is_refused "refused in these words"
}

refuse "log-stop before there was a start" '' "backupMode: log" "logSubcommand: log-stop" <<'TXT'
The Backup "wrong" is invalid: spec.logSubcommand: Invalid value: "log-stop": a log backup created with it waits forever, because nothing was started; create it with log-start; use log-stop on a running log backup [log-create-with-stop]
TXT
refuse "a type that is none" '' "backupType: ful" <<'TXT'
The Backup "wrong" is invalid: spec.backupType: Unsupported value: "ful": supported values: "", "full", "db", "table"; did you mean full? [schema-enum]
TXT
refuse "a provider that is none" 's/aws/AWS/' <<'TXT'
The Backup "wrong" is invalid: spec.s3.provider: Unsupported value: "AWS": supported values: "aws", "ceph", "alibaba", "digitalocean", "dreamhost", "ibmcos", "minio", "netease", "wasabi", "other"; did you mean aws? Case matters. For a service that is not listed write other [provider-unknown]
TXT
refuse "no quantity" '' 'resources: {limits: {cpu: x}}' <<'TXT'
The Backup "wrong" is invalid: spec.resources.limits.cpu: Invalid value: "x": not a quantity: expected a number such as 10Gi or 500m [schema-pattern]
TXT
refuse "several mistakes at once" 's/bucket: my-bucket, //' "backupType: ful" "backupMode: log" "logSubcommand: log-pause" <<'TXT'
The Backup "wrong" is invalid: 
* spec.backupType: Unsupported value: "ful": supported values: "", "full", "db", "table"; did you mean full? [schema-enum]
* spec.logSubcommand: Invalid value: "log-pause": a log backup created with it waits forever, because nothing was started; create it with log-start; use log-pause on a running log backup [log-create-with-stop]
* spec.s3.bucket: Required value; write the name of the bucket that receives the data [s3-bucket]
TXT
refuse "a misspelt field" '' "backupTyp: full" <<'TXT'
Error from server (BadRequest): error when creating "STDIN": Backup in version "v1alpha1" cannot be handled as a Backup: strict decoding error: unknown field "spec.backupTyp"
TXT
schedule() { # schedule CRON RETENTION
    cat <<YAML
apiVersion: br.pingcap.com/v1alpha1
kind: BackupSchedule
metadata: {name: wrong}
spec:
  schedule: "$1"
  maxReservedTime: $2
  backupTemplate:
    br: {cluster: demo1}
    s3: {provider: aws, secretName: s3-secret, region: us-west-1, bucket: my-bucket, prefix: nightly}
YAML
}
when "kubectl create of a schedule" kubectl create -n default -f <(schedule "0 25 * * *" 7d)
then_it_is_refused "an hour that no day has, and a retention in days" <<'TXT'
The BackupSchedule "wrong" is invalid: 
* spec.maxReservedTime: Invalid value: "7d": days are not a unit here, use h, m, s, ms, us or ns; write 168h [bad-duration]
* spec.schedule: Invalid value: "0 25 * * *": hour: 25 is above the maximum, 23 [cron-syntax]
TXT
when "kubectl create of a schedule whose day never comes" kubectl create -n default -f <(schedule "0 2 30 2 *" 168h)
then_it_is_refused "a 30th of February" <<'TXT'
The BackupSchedule "wrong" is invalid: spec.schedule: Invalid value: "0 2 30 2 *": none of these months has such a day: it never fires; every month has the days 1 to 28 [cron-never-fires]
TXT

# ---- which webhook denied it, and where to read more
signature='* brgate: denied in review UID; `brgate explain cron-never-fires` has the reason and the fix'
then_equal "the last line names brgate, the review and the rule" "$(sed -nE '$s/review [0-9a-f-]{36};/review UID;/p' <<<"$err")" "$signature"
uid=$(sed -nE 's/.*denied in review ([0-9a-f-]{36});.*/\1/p' <<<"$err")
logged() { grep -F "\"verdict\":\"denied\",\"uid\":\"$uid\"" "$work/log/gate"; }
then_true "brgate's log has that review, and the user" eval 'wait_for 20 logged && logged | grep -F "\"user\":\"admin\""'
audited() { grep -F "\"validate.brgate.io/review\":\"$uid\"" "$work/log/apiserver.audit"; }
then_true "and so has the API server's audit log, with the rule" eval 'wait_for 20 audited && audited | grep -F "\"validate.brgate.io/denied\":\"cron-never-fires\""'

# ---- the same without enforcement
given "brgate only watches" eval 'process_stop gate && gate_start gate --enforcement warn && wait_for 60 gate_is_asked'
when "kubectl create of a schedule whose day never comes" kubectl create -n default --dry-run=server -f <(schedule "0 2 30 2 *" 168h)
then_it_passes
then_has "it says what would be denied" "$err" 'Warning: would be denied: spec.schedule: Invalid value: "0 2 30 2 *": none of these months has such a day: it never fires; every month has the days 1 to 28 [cron-never-fires]'
watched() { grep '"verdict":"would_deny"' "$work/log/gate" | grep '"wouldDeny":\["cron-never-fires"\]' | grep '"dryRun":true'; }
then_true "brgate's log marks it" wait_for 20 watched
then_equal "and so do the metrics" "$(gate_metric gate 'brgate_webhook_requests_total{endpoint="validate",operation="CREATE",kind="BackupSchedule",verdict="would_deny",dry_run="true"}')" 1
then_equal "none of it is stored" "$(kubectl get backups.br.pingcap.com,backupschedules.br.pingcap.com -n default -o name)" ""
gate_down
