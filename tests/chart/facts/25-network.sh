# Who may connect: anyone by default, or the listed peers; to the health port always anyone.

ingress() { # ingress LINE...: the policy's ingress rules are these lines
    local got want
    got=$(object NetworkPolicy <"$work/out" | sed -n '/^  ingress:/,/^  egress:/p' | sed '1d;$d')
    want=$(printf '%s\n' "$@")
    checked=$((checked + 1))
    [[ $got == "$want" ]] || wrong "$what: ingress" "$got" "$want"
}

given "as it comes"
ingress \
    '    - ports:' \
    '        - {port: 8443}' \
    '    - ports: # for probes and scrapes' \
    '        - {port: 8080}'

given "everything" --values "$chart/ci/everything-values.yaml"
ingress \
    '    - ports:' \
    '        - {port: 10251}' \
    '      from:' \
    '        - ipBlock:' \
    '            cidr: 10.0.0.0/28' \
    '            except:' \
    '            - 10.0.0.8/32' \
    '        - ipBlock:' \
    '            cidr: fd00:1::/64' \
    '        - namespaceSelector:' \
    '            matchLabels:' \
    '              kubernetes.io/metadata.name: kube-system' \
    '          podSelector:' \
    '            matchLabels:' \
    '              app: konnectivity-agent' \
    '    - ports: # for probes and scrapes' \
    '        - {port: 9090}'
