{{- define "brgate.reconciler.fullname" -}}
{{ include "brgate.fullname" . | trunc 52 | trimSuffix "-" }}-reconciler
{{- end }}

{{/* A name of its own: the webhook's Service and policies must not select these pods. */}}
{{- define "brgate.reconciler.selector" -}}
app.kubernetes.io/name: {{ include "brgate.name" . | trunc 52 | trimSuffix "-" }}-reconciler
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "brgate.reconciler.labels" -}}
{{ include "brgate.reconciler.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "brgate.reconciler.marks" -}}
{{ include "brgate.annotations" . }}
{{- "labels:" }}
  {{- include "brgate.reconciler.labels" (index . 0) | nindent 2 }}
{{- end }}

{{/* name, namespace, annotations and labels of an object in the release's namespace. */}}
{{- define "brgate.reconciler.metadata" -}}
name: {{ include "brgate.reconciler.fullname" . }}
namespace: {{ .Release.Namespace }}
{{ include "brgate.reconciler.marks" (list .) }}
{{- end }}

{{- define "brgate.reconciler.serviceAccount" -}}
{{ default (include "brgate.reconciler.fullname" .) .Values.reconciler.serviceAccount.name }}
{{- end }}

{{/* The account's rights in the namespaces of the backups; called with the root. They allow each request that the controller makes and no other
     (reconcile/machine: kinds.c, turn.c). */}}
{{- define "brgate.reconciler.rules" -}}
{{- $kinds := .Values.reconciler.kinds -}}
{{- $v2 := list -}}
{{- $v1 := list -}}
{{- range $kinds -}}
{{- if hasSuffix ".br.pingcap.com" . }}{{ $v2 = append $v2 . }}{{ else }}{{ $v1 = append $v1 . }}{{ end -}}
{{- end -}}
{{- range $group := list "br.pingcap.com" "pingcap.com" }}
{{- $handled := ternary $v1 $v2 (eq $group "pingcap.com") }}
{{- if $handled }}
- apiGroups: [{{ $group }}]
  resources: [backups, backupschedules, compactbackups]
  verbs: [get, list, watch, patch]
- apiGroups: [{{ $group }}]
  resources: [backups, compactbackups] # the children of schedules
  verbs: [create, delete]
{{- if eq $group "br.pingcap.com" }}
- apiGroups: [{{ $group }}]
  resources: [backups/status, backupschedules/status, compactbackups/status]
  verbs: [patch]
{{- end }}
- apiGroups: [{{ $group }}] # owner references with blockOwnerDeletion, where the API server checks them
  resources: [backups/finalizers, backupschedules/finalizers, compactbackups/finalizers]
  verbs: [update]
{{- end }}
{{- end }}
{{- if $v2 }}
- apiGroups: [core.pingcap.com]
  resources: [clusters, pdgroups, tikvgroups]
  verbs: [get, list, watch]
{{- end }}
{{- if $v1 }}
- apiGroups: [pingcap.com]
  resources: [tidbclusters]
  verbs: [get, list, watch]
- apiGroups: [""] # the volume of a Dumpling backup
  resources: [persistentvolumeclaims]
  verbs: [get, create]
{{- end }}
{{- if or $v1 (has "backups.br.pingcap.com" $kinds) }}
- apiGroups: [apps] # to see whether a TiDB Operator runs that handles these kinds: they are left to it
  resources: [deployments]
  verbs: [list, watch]
{{- end }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""] # those that a Backup or its cluster names: their keys, and the client certificate for PD
  resources: [secrets]
  verbs: [get]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}
