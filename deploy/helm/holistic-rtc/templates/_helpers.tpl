{{- define "labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "selector" -}}
{{ include "labels" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "redis-selector" -}}
{{ include "labels" . }}
app.kubernetes.io/component: redis
{{- end }}

{{- define "coturn-selector" -}}
{{ include "labels" . }}
app.kubernetes.io/component: coturn
{{- end }}

{{- define "confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
