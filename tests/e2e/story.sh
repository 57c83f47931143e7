# The form of a story: given (must hold, or the story ends), when (its output and exit code are kept), then (counted).

kubectl() { "$bin/kubectl" --kubeconfig "$work/apiserver.kubeconfig" "$@"; }

say() { printf '  %-5s %s\n' "$1" "$2"; }

given() { # given TEXT COMMAND...
    say Given "$1"
    shift
    "$@" >"$work/given" 2>&1 && return
    missed "this does not hold" "$(<"$work/given")" "success of: $*"
    exit 0
}

# Afterwards $out and $err are what it said and $code is its exit code.
when() { # when TEXT COMMAND...
    say When "$1"
    shift
    "$@" >"$work/out" 2>"$work/err"
    code=$?
    out=$(<"$work/out") err=$(<"$work/err")
}

passed() {
    say Then "$1"
    echo passed >>"$counts"
}

missed() { # missed TEXT GOT WANT
    {
        say Then "$1: FAILED"
        printf 'got:\n%s\nwant:\n%s\n' "$2" "$3" | sed 's/^/          /'
    } | tee "$work/missed"
    { echo "$story"; cat "$work/missed"; } >>"$counts.told"
    echo failed >>"$counts"
}

then_equal() { # then_equal TEXT GOT WANT
    if [[ $2 == "$3" ]]; then passed "$1"; else missed "$@"; fi
}

then_has() { # then_has TEXT GOT PART
    if [[ $2 == *"$3"* ]]; then passed "$1"; else missed "$1" "$2" "... $3 ..."; fi
}

then_true() { # then_true TEXT COMMAND...
    local text=$1 said
    shift
    if said=$("$@" 2>&1); then passed "$text"; else missed "$text" "$said" "success of: $*"; fi
}

then_it_passes() { # then_it_passes [TEXT]
    then_equal "${1:-it passes}" "$code $err" "0 $(warnings_only <<<"$err")"
}

# The exact text expected on standard error comes on standard input; warnings may precede it. The line with which brgate signs
# a denial is left out (20-denials checks it), and a cause that kubectl then lists alone is joined to the line above.
then_it_is_refused() { # then_it_is_refused TEXT <<TXT
    then_equal "$1" "exit $code
$(grep -v '^Warning: ' <<<"$err" | without_signature)" "exit 1
$(cat)"
}

without_signature() {
    awk '/^\* brgate: denied in review [0-9a-f-]+; `brgate explain [A-Za-z0-9-]+` has the reason and the fix/ { signed = 1; next }
        { line[++n] = $0 }
        END {
            if (signed && n == 2) { print line[1] substr(line[2], 3); exit }
            for (i = 1; i <= n; i++) print line[i]
        }'
}

then_it_warns() { # then_it_warns TEXT PART
    then_has "$1" "$(warnings_only <<<"$err")" "$2"
}

warnings_only() { grep '^Warning: '; }

# A listing as a document prints it, on standard input: the columns that its first line names must have these values.
# Dots in place of further columns are the document's.
then_it_lists() { # then_it_lists TEXT <<TXT
    local want header
    want=$(sed -E 's/ *\.{3,}//g; s/ +/ /g; s/ $//')
    header=${want%%$'\n'*}
    then_equal "$1" "$(columns "$header" <<<"$out")" "$want"
}

# Prints the columns of kubectl's table with the given titles; a cell is the text below its title.
columns() { # columns "TITLE..."
    awk -v titles="$1" '
        NR == 1 {
            count = split(titles, wanted, " ")
            for (rest = $0; match(rest, /[^ ]+ */); rest = substr(rest, RLENGTH + 1)) {
                title = substr(rest, 1, RLENGTH); width[title_of(title)] = RLENGTH
                start[title_of(title)] = length($0) - length(rest) + 1
                if (RLENGTH == length(rest)) width[title_of(title)] = 10000
            }
        }
        {
            line = ""
            for (i = 1; i <= count; i++) {
                cell = wanted[i] in start ? substr($0, start[wanted[i]], width[wanted[i]]) : "(no such column)"
                gsub(/^ +| +$/, "", cell)
                line = line (cell == "" || line == "" ? "" : " ") cell
            }
            print line
        }
        function title_of(text) { sub(/ +$/, "", text); return text }'
}

# A good snapshot backup; further lines of its spec on request.
backup() { # [group=GROUP] backup NAME [LINE OF SPEC]...
    local name=$1
    shift
    cat <<YAML
apiVersion: ${group:-br.pingcap.com}/v1alpha1
kind: Backup
metadata: {name: $name}
spec:
  br: {cluster: demo1}
  s3: {provider: aws, secretName: s3-secret, region: us-west-1, bucket: my-bucket, prefix: $name}
YAML
    (($#)) && printf '  %s\n' "$@"
    return 0
}
