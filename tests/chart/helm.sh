# find_helm: the program's path on standard output; 77 where there is none. HELM names it; otherwise it is looked for on the path and
# where `./dev e2e` builds it.
find_helm() {
    local candidate
    for candidate in "${HELM:-}" "$(command -v helm)" "${E2E_CACHE:-$(dirname "${BASH_SOURCE[0]}")/../../build/e2e}"/bin-*/helm; do
        [[ -x $candidate ]] && echo "$candidate" && return
    done
    echo "skipped: there is no helm; ./dev e2e builds it" >&2
    return 77
}
