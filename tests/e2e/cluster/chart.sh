# Renders the chart with helm. The image needs a name.
chart_template() { # chart_template RELEASE [FLAG...]
    "$bin/helm" template "$1" charts/brgate --namespace brgate-system --kube-version 1.36.0 --set image.repository=brgate "${@:2}"
}
