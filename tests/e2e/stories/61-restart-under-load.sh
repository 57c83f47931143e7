# Story: one of two replicas is restarted again and again under load, and no review fails

if ! replicas_have_an_address; then
    say Note "left out: this machine has no address besides loopback"
    exit 0
fi
given "an API server that looks at endpoints" replicas_apiserver
replicas_behind_a_service

gate_certificates
for replica in gate twin; do
    given "a replica" gate_start "$replica" --shutdown-delay 5s
    given "its endpoint" endpoint "$replica" true
done
given "both are registered" gate_register
load_start default routing
then_true "reviews go on" load_goes_on

for ((turn = 0; turn < ${E2E_RESTARTS:-4}; turn++)); do
    replica=gate
    ((turn % 2)) && replica=twin
    when "$replica is told to end" replica_leave "$replica"
    then_true "it ends by itself" wait_for 60 process_gone "$replica"
    then_true "reviews go on with the other" load_goes_on 100
    given "it starts again" gate_start "$replica" --shutdown-delay 5s
    given "and is ready" endpoint "$replica" true
    then_true "reviews go on with both" load_goes_on 200
done
load_stop
for replica in gate twin; do
    then_true "$replica has answered its part" test "$(grep -c '"verdict"' "$work/log/$replica")" -gt 100
done
then_equal "of $answers reviews none failed" "$refusals" 0

# The count counts: the same without drain and notice.
load_start default routing
load_goes_on 50
process_signal gate KILL
load_goes_on 200
load_stop >/dev/null
then_true "a replica that is killed without notice costs reviews ($refusals of $answers)" test "$refusals" -gt 0

gate_start gate
gate_unregister >/dev/null 2>&1
for process in gate twin routing; do process_stop "$process"; done
