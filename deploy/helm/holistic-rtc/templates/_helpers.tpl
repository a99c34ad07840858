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

{{- define "worker-selector" -}}
{{ include "labels" . }}
app.kubernetes.io/component: worker
{{- end }}

{{- define "redis-url" -}}
{{- if .Values.redis.enabled }}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .Values.secret }}, key: redis-password } }
- name: HOLISTIC_REDIS_URL
  value: redis://:$(REDIS_PASSWORD)@{{ .Release.Name }}-redis.{{ .Release.Namespace }}.svc:6379/0
{{- else }}
- name: HOLISTIC_REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secret }}, key: redis-url } }
{{- end }}
{{- end }}

{{- define "user" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
