{{- define "brgate.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "brgate.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "brgate.name" .) .Release.Name -}}
{{ .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name (include "brgate.name" .) | trunc 63 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "brgate.selector" -}}
app.kubernetes.io/name: {{ include "brgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "brgate.labels" -}}
{{ include "brgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations of an object; called with the root and, if there are any, the object's own. */}}
{{- define "brgate.annotations" -}}
{{- with merge dict (index (append . dict) 1) (index . 0).Values.commonAnnotations -}}
annotations:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- end }}

{{/* Annotations and, last, labels of an object; called as above. */}}
{{- define "brgate.marks" -}}
{{ include "brgate.annotations" . }}
{{- "labels:" }}
  {{- include "brgate.labels" (index . 0) | nindent 2 }}
{{- end }}

{{/* name, namespace, annotations and labels of an object in the release's namespace. */}}
{{- define "brgate.metadata" -}}
name: {{ include "brgate.fullname" . }}
namespace: {{ .Release.Namespace }}
{{ include "brgate.marks" (list .) }}
{{- end }}

{{- define "brgate.serviceAccount" -}}
{{ default (include "brgate.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{/* The Secret with the certificate: of this release alone, because two releases would keep replacing each other's. What was installed when
     the default was `brgate-tls` goes on with that, as far as the cluster can be asked (not in `helm template`). */}}
{{- define "brgate.secret" -}}
{{- $own := printf "%s-tls" (include "brgate.fullname" .) -}}
{{- $asked := .Values.certificates.secretName -}}
{{- if and (not $asked) .Release.IsUpgrade (not (lookup "v1" "Secret" .Release.Namespace $own)) (lookup "v1" "Secret" .Release.Namespace "brgate-tls") -}}
brgate-tls
{{- else -}}
{{ default $own $asked }}
{{- end -}}
{{- end }}

{{- define "brgate.image" -}}
{{ .Values.image.repository }}{{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{- define "brgate.self" -}}
{{- if eq .Values.certificates.mode "self" }}true{{ end -}}
{{- end }}

{{/* ValidatingAdmissionPolicies are part of admissionregistration.k8s.io/v1 from 1.30 on; that API cannot be switched off by itself. */}}
{{- define "brgate.admissionPolicies" -}}
{{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end }}

{{/* CEL: two objects have the same members apart from these; called with their two names and the members. */}}
{{- define "brgate.same" -}}
{{- $new := index . 0 -}}
{{- $old := index . 1 -}}
{{- $apart := slice . 2 | toJson -}}
dyn({{ $new }}).all(k, k in {{ $apart }} || (k in dyn({{ $old }}) && dyn({{ $new }})[k] == dyn({{ $old }})[k])) &&
dyn({{ $old }}).all(k, k in {{ $apart }} || k in dyn({{ $new }}))
{{- end }}

{{/* The members of `rules`. YAML 1.1 reads a bare `off` as false. */}}
{{- define "brgate.severities" -}}
{{- range $rule, $severity := . }}
{{ $rule }}: {{ if kindIs "bool" $severity }}"off"{{ else }}{{ $severity | quote }}{{ end }}
{{- end }}
{{- end }}

{{/* The rules of the policy as JSON: what is set, and "off" for the warnings that a kind has no controller where the release
     brings one. */}}
{{- define "brgate.policyRules" -}}
{{- $rules := deepCopy .Values.policy.rules }}
{{- if and .Values.reconciler.enabled (not .Values.reconciler.dryRun) }}
{{- range $kind, $rule := dict "backupschedules.br.pingcap.com" "v2-schedule-unsupported" "compactbackups.br.pingcap.com" "v2-compact-unsupported" }}
{{- if and (has $kind $.Values.reconciler.kinds) (not (hasKey $rules $rule)) }}{{ $_ := set $rules $rule "off" }}{{ end }}
{{- end }}
{{- end }}
{{- toJson $rules }}
{{- end }}

{{/* The policy file; empty when nothing is set. */}}
{{- define "brgate.policy" -}}
{{- $policy := .Values.policy }}
{{- with include "brgate.policyRules" . | fromJson -}}
rules: {{- include "brgate.severities" . | trim | nindent 2 }}
{{ end }}
{{- with $policy.enforcement -}}
enforcement: {{ toJson . }}
{{ end }}
{{- with $policy.namespaces -}}
namespaces:
{{- range . }}
- names: {{ toJson .names }}
  {{- with .rules }}
  rules: {{- include "brgate.severities" . | trim | nindent 4 }}
  {{- end }}
  {{- with .enforcement }}
  enforcement: {{ toJson . }}
  {{- end }}
{{- end }}
{{ end }}
{{- with $policy.overridable -}}
overridable: {{ toJson . }}
{{ end }}
{{- if ne $policy.defaults "effective" -}}
defaults: {{ $policy.defaults }}
{{ end }}
{{- with .Values.docsUrl -}}
docs: {{ . | quote }}
{{ end }}
{{- end }}

{{- define "brgate.failurePolicy" -}}
{{ default (ternary "Ignore" "Fail" (eq .Values.enforcement "warn")) .Values.webhook.failurePolicy }}
{{- end }}

{{/* The actions of the admission policy, as JSON: the same as the servers'. */}}
{{- define "brgate.validationActions" -}}
{{ toJson (default (list (ternary "Audit" "Deny" (eq .Values.enforcement "warn"))) .Values.admissionPolicy.validationActions) }}
{{- end }}

{{/* 10s, 500ms or 2m in whole seconds, rounded up. */}}
{{- define "brgate.seconds" -}}
{{- if hasSuffix "ms" . -}}
{{ div (add 999 (trimSuffix "ms" . | int)) 1000 }}
{{- else if hasSuffix "m" . -}}
{{ mul 60 (trimSuffix "m" . | int) }}
{{- else -}}
{{ trimSuffix "s" . | int }}
{{- end -}}
{{- end }}

{{/* A quantity of memory in MiB, rounded down; empty when it is written with another unit than these. */}}
{{- define "brgate.mebibytes" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexReplaceAll "^[0-9]+" . "" -}}
{{- $bytes := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "k" 1000 "M" 1000000 "G" 1000000000 "" 1 -}}
{{- if hasKey $bytes $unit }}{{ div (mul $number (get $bytes $unit)) 1048576 }}{{ end -}}
{{- end }}

{{/* Annotations of the webhook configurations. The first tells cert-manager where their caBundle comes from. */}}
{{- define "brgate.injected" -}}
{{- if eq .Values.certificates.mode "cert-manager" }}
cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "brgate.fullname" . }}
{{- end }}
{{- with .Values.webhook.annotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The host name in webhook.url. */}}
{{- define "brgate.urlHost" -}}
{{ .Values.webhook.url | trimPrefix "https://" | regexFind "^[^:/]*" }}
{{- end }}

{{/* The name by which the API server calls the servers, and which the certificate is for. */}}
{{- define "brgate.host" -}}
{{ include "brgate.urlHost" . | default (printf "%s.%s.svc" (include "brgate.fullname" .) .Release.Namespace) }}
{{- end }}

{{/* clientConfig of both webhook configurations; called with the path. */}}
{{- define "brgate.clientConfig" -}}
{{- $root := index . 0 -}}
clientConfig:
  {{- if $root.Values.webhook.url }}
  url: {{ $root.Values.webhook.url | trimSuffix "/" }}{{ index . 1 }}
  {{- else }}
  service:
    name: {{ include "brgate.fullname" $root }}
    namespace: {{ $root.Release.Namespace }}
    path: {{ index . 1 }}
    port: {{ $root.Values.service.port }}
  {{- end }}
  {{- with $root.Values.certificates.caBundle }}
  caBundle: {{ . }}
  {{- end }}
{{- end }}

{{/* rules of both webhook configurations; called with the operations. No sub-resources: the operator writes status. */}}
{{- define "brgate.rules" -}}
rules:
  - apiGroups: [br.pingcap.com, pingcap.com]
    apiVersions: [v1alpha1]
    resources: [backups, backupschedules, compactbackups]
    scope: Namespaced
    operations: {{ toJson . }}
{{- end }}

{{/* Conditions of both webhooks and of the admission policy. An update that leaves the spec alone is not asked about: finalizers must
     always come off, and where status is no sub-resource (pingcap.com) the operator writes it all the time and must be able to while
     no server answers. What says there that a backup has begun the operator never removes; who does is asked about. deletionTimestamp
     exempts from nothing: server-side apply stores one that a manifest brings, and what is done when an object goes is done by its
     spec. */}}
{{- define "brgate.conditions" -}}
matchConditions:
  - name: spec-changed-or-start-forgotten
    expression: >-
      request.operation != 'UPDATE' || !has(object.spec) || !has(oldObject.spec) || object.spec != oldObject.spec ||
      (request.kind.group == 'pingcap.com' && request.kind.kind == 'Backup' && has(oldObject.status) && (
      {{- range $i, $member := list "phase" "commitTs" "backupPath" }}
      {{ if $i }}|| {{ end }}(has(oldObject.status.{{ $member }}) && oldObject.status.{{ $member }} != '' &&
      !(has(object.status) && has(object.status.{{ $member }}) && object.status.{{ $member }} != ''))
      {{- end }}))
  {{- with .Values.webhook.matchConditions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Which namespaces are judged, for the webhooks and the admission policy: begins with a newline, or is empty. */}}
{{- define "brgate.namespaceSelector" -}}
{{- $selector := .Values.webhook.namespaceSelector -}}
{{- with .Values.webhook.excludeNamespaces -}}
{{- $named := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" . -}}
{{- $selector = set (omit $selector "matchExpressions") "matchExpressions" (append (default list $selector.matchExpressions) $named) -}}
{{- end -}}
{{- with $selector }}
namespaceSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* What both webhook configurations have in common. */}}
{{- define "brgate.matching" -}}
sideEffects: None
admissionReviewVersions: [v1]
matchPolicy: Equivalent
timeoutSeconds: {{ .Values.webhook.timeoutSeconds }}
{{- include "brgate.namespaceSelector" . }}
{{ include "brgate.conditions" . }}
{{- end }}

{{/* The pod and the account of `helm test`, and where it tries to create a Backup. */}}
{{- define "brgate.probe.name" -}}
{{ include "brgate.fullname" . | trunc 57 | trimSuffix "-" }}-probe
{{- end }}
{{- define "brgate.probe.namespace" -}}
{{ default .Release.Namespace .Values.test.namespace }}
{{- end }}

{{/* The arguments of the servers. */}}
{{- define "brgate.args" -}}
{{- $tls := not (include "brgate.self" .) }}
{{- $clients := .Values.server.clientCertificates }}
- serve
- --listen={{ .Values.server.address }}:{{ .Values.server.port }}
- --health-listen={{ .Values.server.address }}:{{ .Values.server.healthPort }}
- --max-body={{ .Values.server.maxBody }}
- --max-connections={{ .Values.server.maxConnections }}
- --max-in-flight={{ .Values.server.maxInFlight }}
- --review-memory={{ .Values.server.reviewMemory }}
- --reviews-memory={{ .Values.server.reviewsMemory }}
- --shutdown-delay={{ .Values.server.shutdownDelay }}
- --log-format={{ .Values.server.logFormat }}
- --log-level={{ .Values.server.logLevel }}
- --enforcement={{ .Values.enforcement }}
{{- if $tls }}
- --tls-cert=/etc/brgate/tls/tls.crt
- --tls-key=/etc/brgate/tls/tls.key
- --tls-name={{ include "brgate.host" . }}
{{- else }}
- --certs-secret={{ include "brgate.secret" . }}
- --certs-service={{ include "brgate.fullname" . }}
{{- with include "brgate.urlHost" . }}
- --certs-name={{ . }}
{{- end }}
- --webhook-configuration={{ include "brgate.fullname" . }}
{{- end }}
{{- if $clients.configMap }}
- --client-ca=/etc/brgate/clients/ca.crt
{{- range $clients.names }}
- {{ printf "--client-name=%s" . | quote }}
{{- end }}
{{- end }}
{{- if include "brgate.policy" . }}
- --config=/etc/brgate/policy/brgate.yaml
{{- end }}
{{- range .Values.server.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* The security context of a pod or a container, called with the values; a value of null leaves a field to the cluster. */}}
{{- define "brgate.securityContext" -}}
{{- $set := dict -}}
{{- range $field, $value := . }}{{ if not (kindIs "invalid" $value) }}{{ $_ := set $set $field $value }}{{ end }}{{ end -}}
securityContext:
  {{- toYaml $set | nindent 2 }}
{{- end }}

{{/* The rights, resources and mounts of our containers. */}}
{{- define "brgate.confined" -}}
{{ include "brgate.securityContext" .Values.securityContext }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnv }}
env:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* How a pod is replaced. With the node's network the new one needs another node for its ports, and there may be none. */}}
{{- define "brgate.strategy" -}}
strategy:
  rollingUpdate:
    maxUnavailable: {{ ternary 1 0 .Values.hostNetwork }}
    maxSurge: {{ ternary 0 1 .Values.hostNetwork }}
{{- end }}

{{/* How the Prometheus operator scrapes, as the only item of a list; called with the monitor's values and relabelings of ours. */}}
{{- define "brgate.endpoint" -}}
{{- $monitor := index . 0 -}}
- port: health
  path: /metrics
  interval: {{ $monitor.interval }}
  {{- with concat (index . 1) $monitor.relabelings }}
  relabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $monitor.metricRelabelings }}
  metricRelabelings:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{- define "brgate.mounts" -}}
{{- if not (include "brgate.self" .) }}
- {name: tls, mountPath: /etc/brgate/tls, readOnly: true}
{{- end }}
{{- if include "brgate.policy" . }}
- {name: policy, mountPath: /etc/brgate/policy, readOnly: true}
{{- end }}
{{- if .Values.server.clientCertificates.configMap }}
- {name: clients, mountPath: /etc/brgate/clients, readOnly: true}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where the alert is explained, called with its name. Without docsUrl that is a path in the repository. */}}
{{- define "brgate.runbook" -}}
{{- $docs := (index . 0).Values.docsUrl | trimSuffix "/" | default "docs" -}}
{{ $docs }}/runbooks.md#{{ index . 1 | lower }}
{{- end }}

{{- /* The groups of files/NAME.yaml: (list $ NAME RELEASE_NAME). */}}
{{- define "brgate.alerts" -}}
{{- $root := index . 0 }}
{{- $text := $root.Files.Get (printf "files/%s.yaml" (index . 1)) | replace "RELEASE_NAMESPACE" $root.Release.Namespace }}
{{- range (fromYaml ($text | replace "RELEASE_NAME" (index . 2) | replace "RELEASE_REPLICAS" ($root.Values.replicas | toString))).groups }}
- name: {{ .name }}
  rules:
    {{- range .rules }}
    {{- $_ := set .annotations "runbook_url" (include "brgate.runbook" (list $root .alert)) }}
    - {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
{{- end }}
