# Certificates, with the openssl program; all in $work/certs, valid for two days.

# A key pair and a certificate NAME.crt; signed by $AUTHORITY.crt when that is set, by itself and for signing otherwise.
certificate_make() { # [AUTHORITY=NAME] certificate_make NAME SUBJECT [SUBJECT ALTERNATIVE NAMES]
    local dir=$work/certs name=$1 subject=$2 names=${3:-}
    local uses=(-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign)
    mkdir -p "$dir"
    if [[ ${AUTHORITY:-} ]]; then
        uses=(-addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature
              -addext extendedKeyUsage=serverAuth,clientAuth -CA "$dir/$AUTHORITY.crt" -CAkey "$dir/$AUTHORITY.key")
    fi
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2 -subj "$subject" "${uses[@]}" \
        ${names:+-addext "subjectAltName=$names"} -keyout "$dir/$name.key" -out "$dir/$name.crt" \
        -config <(printf '[req]\ndistinguished_name=dn\n[dn]\n') 2>"$work/log/openssl" || cat "$work/log/openssl"
}

certificate_base64() { # certificate_base64 NAME
    base64 -w 0 "$work/certs/$1.crt"
}

cluster_certificates() {
    mkdir -p "$work/certs" "$work/log"
    certificate_make cluster-ca /CN=cluster-ca
    AUTHORITY=cluster-ca certificate_make apiserver /CN=kube-apiserver IP:127.0.0.1,IP:10.96.0.1,DNS:localhost
    AUTHORITY=cluster-ca certificate_make admin /O=system:masters/CN=admin
    AUTHORITY=cluster-ca certificate_make controllers /CN=system:kube-controller-manager
    openssl genrsa -out "$work/certs/accounts.key" 2048 2>/dev/null
}
