# Pods that run for real: of the chart's Deployments, from the image that tools/image-root makes (standin/container.sh).
#
# They need addresses, so that the whole run is in a network namespace of its own: the bridge `pods` has the node's address 10.97.0.1, and the
# API servers' Service the address 10.96.0.1. Only root may have that.

network_make() {
    ip link set lo up && ip addr add 10.96.0.1/32 dev lo && ip link add pods type bridge && ip addr add 10.97.0.1/16 dev pods && ip link set pods up
}
pods_can_run() { ip link show pods >/dev/null 2>&1; }

# The image's folder, as the kubelet of these stories finds it, with the tag that the chart asks for.
image_make() { # image_make NAME
    local image
    image=$work/images/$1_$(sed -n 's/^appVersion: *//p' charts/brgate/Chart.yaml | tr -d '"')
    mkdir -p "$image"
    [[ -d $image/root ]] || tools/image-root "$brgate" "$image/root" || return
    jq -n --argjson entrypoint "$(sed -n 's/^ENTRYPOINT //p' Containerfile)" --arg user "$(sed -n 's/^USER \([0-9]*\).*/\1/p' Containerfile)" \
        '{Entrypoint: $entrypoint, User: $user}' >"$image/config.json"
}

# The stand-in for the kubelet, in a session of its own: all that it starts ends with it.
kubelet_start() { # kubelet_start APISERVER NAME=VALUE...: see standin/kubelet
    process_start kubelet setsid env KUBELET_API="$(<"$work/$1.url")" KUBELET_CERTS="$work/certs" "${@:2}" "$here/standin/kubelet" "$work/kubelet"
    disown # its end is no news
}

# An API server that looks at endpoints, and that pods can reach; a node for them. kubectl and helm talk to it from then on.
pods_cluster() {
    apiserver_start routing --enable-aggregator-routing=true --bind-address=0.0.0.0 || return
    kubectl() { "$bin/kubectl" --kubeconfig "$work/routing.kubeconfig" "$@"; }
    helm() { "$bin/helm" --kubeconfig "$work/routing.kubeconfig" --namespace brgate-system "$@"; }
    image_make brgate && kubelet_start routing KUBELET_IMAGES="$work/images"
}
pods_end() {
    process_stop kubelet
    process_stop routing
}
