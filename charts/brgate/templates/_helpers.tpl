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
{{- end }}

{{/* name, namespace and labels of an object in the release's namespace. */}}
{{- define "brgate.metadata" -}}
name: {{ include "brgate.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "brgate.labels" . | nindent 2 }}
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

{{/* What the admission policy does, as JSON: what the servers do. */}}
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

{{/* Tells cert-manager where the caBundle of a webhook configuration comes from. */}}
{{- define "brgate.inject" -}}
{{- if eq .Values.certificates.mode "cert-manager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "brgate.fullname" . }}
{{- end }}
{{- end }}

{{/* clientConfig of both webhook configurations; called with the path. */}}
{{- define "brgate.clientConfig" -}}
{{- $root := index . 0 -}}
clientConfig:
  service:
    name: {{ include "brgate.fullname" $root }}
    namespace: {{ $root.Release.Namespace }}
    path: {{ index . 1 }}
    port: {{ $root.Values.service.port }}
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

{{/* What both webhook configurations have in common. */}}
{{- define "brgate.matching" -}}
sideEffects: None
admissionReviewVersions: [v1]
matchPolicy: Equivalent
timeoutSeconds: {{ .Values.webhook.timeoutSeconds }}
{{- with .Values.webhook.namespaceSelector }}
namespaceSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{ include "brgate.conditions" . }}
{{- end }}

{{/* The arguments of the servers. */}}
{{- define "brgate.args" -}}
{{- $tls := not (include "brgate.self" .) }}
{{- $clients := .Values.server.clientCertificates }}
- serve
- --listen=[::]:{{ .Values.server.port }}
- --health-listen=[::]:{{ .Values.server.healthPort }}
- --max-body={{ .Values.server.maxBody }}
- --max-connections={{ .Values.server.maxConnections }}
- --max-in-flight={{ .Values.server.maxInFlight }}
- --review-memory={{ .Values.server.reviewMemory }}
- --reviews-memory={{ .Values.server.reviewsMemory }}
- --shutdown-delay={{ .Values.server.shutdownDelay }}
- --log-format={{ .Values.server.logFormat }}
- --enforcement={{ .Values.enforcement }}
{{- if $tls }}
- --tls-cert=/etc/brgate/tls/tls.crt
- --tls-key=/etc/brgate/tls/tls.key
- --tls-name={{ include "brgate.fullname" . }}.{{ .Release.Namespace }}.svc
{{- else }}
- --certs-secret={{ include "brgate.secret" . }}
- --certs-service={{ include "brgate.fullname" . }}
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

{{/* What a container of ours may do and use. */}}
{{- define "brgate.confined" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
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
{{- end }}

{{/* Where the alert is explained, called with its name. Without docsUrl that is a path in the repository. */}}
{{- define "brgate.runbook" -}}
{{- $docs := (index . 0).Values.docsUrl | trimSuffix "/" | default "docs" -}}
{{ $docs }}/runbooks.md#{{ index . 1 | lower }}
{{- end }}
