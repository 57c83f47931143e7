# Story: the stories fail when brgate does not do its work

# Plays the denials with a gate that is broken in a way; prints how many expectations failed.
failures_with() { # failures_with SABOTAGE
    local sabotage=$1 counts=$work/control-counts
    : >"$counts"
    (source "$here/stories/20-denials.sh") >"$work/control" 2>&1
    story_end
    grep -c failed "$counts"
}

printf 'rules:\n' >"$work/nothing.yaml"
"$brgate" rules | sed -n '2,$s/^\([a-z0-9-]*\) .*/  \1: off/p' >>"$work/nothing.yaml"
missed=$(failures_with "--config $work/nothing.yaml")
then_true "a gate whose rules are all off fails the denials ($missed of its expectations)" test "$missed" -gt 0
