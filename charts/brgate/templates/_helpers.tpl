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
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "brgate.serviceAccount" -}}
{{ default (include "brgate.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{- define "brgate.self" -}}
{{- if eq .Values.certificates.mode "self" }}true{{ end -}}
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
  {{- if and (eq $root.Values.certificates.mode "files") $root.Values.certificates.caBundle }}
  caBundle: {{ $root.Values.certificates.caBundle }}
  {{- end }}
{{- end }}

{{/* rules of both webhook configurations; called with the operations. */}}
{{- define "brgate.rules" -}}
rules:
  - apiGroups: [br.pingcap.com, pingcap.com]
    apiVersions: [v1alpha1]
    resources: [backups, backupschedules, compactbackups] {{- /* no sub-resources: the operator writes status */}}
    scope: Namespaced
    operations: {{ toJson . }}
{{- end }}

{{/* What both webhooks are not asked about. */}}
{{- define "brgate.matching" -}}
sideEffects: None
admissionReviewVersions: [v1]
matchPolicy: Equivalent
timeoutSeconds: {{ .Values.webhook.timeoutSeconds }}
{{- with .Values.webhook.namespaceSelector }}
namespaceSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
matchConditions:
  - name: not-being-deleted {{/* finalizers must always come off */}}
    expression: request.operation == 'DELETE' || !has(object.metadata.deletionTimestamp)
  {{- with .Values.webhook.matchConditions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
