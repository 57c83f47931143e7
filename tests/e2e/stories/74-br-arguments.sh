# Story: the real BR parses every list of arguments that it can be called with

br_bin=$(E2E_CACHE=${E2E_CACHE:-} "$here/br/build" --where) || {
    say Note "left out: the real BR is not built (./dev e2e --build-br builds it, once, in a quarter of an hour)"
    exit 0
}
when "BR is called for all that objects can say" tests/plan/br/check "$(dirname "$brgate")/tests/plan/br_lists" "$br_bin/br"
then_equal "it refuses nothing that the gate has accepted without a word ($(tail -n 1 <<<"$out"))" "$code $(grep REFUSED <<<"$out")" "0 "
