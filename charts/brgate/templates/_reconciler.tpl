{{- define "brgate.reconciler.fullname" -}}
{{ include "brgate.part.fullname" (list . "reconciler") }}
{{- end }}

{{- define "brgate.reconciler.selector" -}}
{{ include "brgate.part.selector" (list . "reconciler") }}
{{- end }}

{{- define "brgate.reconciler.labels" -}}
{{ include "brgate.part.labels" (list . "reconciler") }}
{{- end }}

{{/* Called with the root and, if there are any, the object's own annotations. */}}
{{- define "brgate.reconciler.marks" -}}
{{ include "brgate.part.marks" (list (index . 0) "reconciler" (index (append . dict) 1)) }}
{{- end }}

{{- define "brgate.reconciler.metadata" -}}
{{ include "brgate.part.metadata" (list . "reconciler") }}
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
