{{/* Names and labels of the parts of a release that are not the webhook: the controller and the audit. All are called with the root and
     the part's name. */}}
{{- define "brgate.part.fullname" -}}
{{ include "brgate.fullname" (index . 0) | trunc 52 | trimSuffix "-" }}-{{ index . 1 }}
{{- end }}

{{/* A name of its own: the webhook's Service and policies must not select these pods. */}}
{{- define "brgate.part.selector" -}}
app.kubernetes.io/name: {{ include "brgate.name" (index . 0) | trunc 52 | trimSuffix "-" }}-{{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "brgate.part.labels" -}}
{{- $root := index . 0 -}}
{{ include "brgate.part.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Annotations and, last, labels of an object; a third argument has annotations of its own. */}}
{{- define "brgate.part.marks" -}}
{{ include "brgate.annotations" (list (index . 0) (index (append . dict) 2)) }}
{{- "labels:" }}
  {{- include "brgate.part.labels" . | nindent 2 }}
{{- end }}

{{/* name, namespace, annotations and labels of an object in the release's namespace. */}}
{{- define "brgate.part.metadata" -}}
name: {{ include "brgate.part.fullname" . }}
namespace: {{ (index . 0).Release.Namespace }}
{{ include "brgate.part.marks" . }}
{{- end }}
