{{- define "clusterpedia.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "clusterpedia.apiserver" -}}{{ include "clusterpedia.fullname" . }}-apiserver{{- end -}}
{{- define "clusterpedia.manager" -}}{{ include "clusterpedia.fullname" . }}-clustersynchro-manager{{- end -}}
{{- define "clusterpedia.controllerManager" -}}{{ include "clusterpedia.fullname" . }}-controller-manager{{- end -}}
{{- define "clusterpedia.internalstorage" -}}{{ include "clusterpedia.fullname" . }}-internalstorage{{- end -}}

{{- /* The labels by which a component's pods are found. Takes a list: the root, and the component's name. */ -}}
{{- define "clusterpedia.matchLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app: {{ index . 1 }}
{{- end -}}

{{- /* All labels of an object. Takes the same list; a third element are more labels. */ -}}
{{- define "clusterpedia.labels" -}}
{{- $root := index . 0 -}}
{{ include "clusterpedia.matchLabels" . }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- if gt (len .) 2 }}{{ with index . 2 }}
{{ toYaml . }}
{{- end }}{{ end }}
{{- end -}}

{{- define "clusterpedia.annotations" -}}
{{- with .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* Takes a list: the root, and the image's values. */ -}}
{{- define "clusterpedia.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- $registry := default $image.registry $root.Values.global.imageRegistry -}}
{{- if $registry }}{{ $registry }}/{{ end }}{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- end -}}

{{- define "clusterpedia.pullSecrets" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{- with concat $root.Values.global.imagePullSecrets $image.pullSecrets | uniq }}
imagePullSecrets:
{{- range . }}
- name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Where pods run. Takes the component's values. */ -}}
{{- define "clusterpedia.placement" -}}
{{- range $key := list "nodeSelector" "affinity" "tolerations" }}
{{- with index $ $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Takes a uid. */ -}}
{{- define "clusterpedia.podSecurityContext" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "clusterpedia.containerSecurityContext" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- /* Takes a dictionary of gates. */ -}}
{{- define "clusterpedia.featureGates" -}}
{{- $gates := list -}}
{{- range $name, $on := . }}{{ $gates = append $gates (printf "%s=%v" $name $on) }}{{ end -}}
--feature-gates={{ join "," $gates }}
{{- end -}}

{{- define "clusterpedia.databaseEnvironment" -}}
- name: CLUSTERPEDIA_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: DB_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "clusterpedia.internalstorage" . }}
      key: password
{{- if and (eq .Values.storageInstallMode "external") .Values.externalStorage.dsn }}
- name: DB_DSN
  valueFrom:
    secretKeyRef:
      name: {{ include "clusterpedia.internalstorage" . }}
      key: dsn
{{- end }}
{{- end -}}

{{- /* postgres or mysql. */ -}}
{{- define "clusterpedia.storageType" -}}
{{- if eq .Values.storageInstallMode "internal" -}}
{{- if eq .Values.postgresql.enabled .Values.mysql.enabled -}}
{{- fail "enable postgresql or mysql, and not both" -}}
{{- end -}}
{{- ternary "postgres" "mysql" .Values.postgresql.enabled -}}
{{- else if eq .Values.storageInstallMode "external" -}}
{{- if .Values.externalStorage.createDatabase -}}
{{- fail "externalStorage.createDatabase is not offered: create the database, and leave this false" -}}
{{- end -}}
{{- if not (has .Values.externalStorage.type (list "postgres" "mysql")) -}}
{{- fail "externalStorage.type must be postgres or mysql" -}}
{{- end -}}
{{- .Values.externalStorage.type -}}
{{- else -}}
{{- fail "storageInstallMode must be internal or external" -}}
{{- end -}}
{{- end -}}

{{- define "clusterpedia.storageUser" -}}
{{- if eq (include "clusterpedia.storageType" .) "postgres" -}}
{{- .Values.global.postgresql.auth.username | default "postgres" -}}
{{- else -}}
{{- .Values.mysql.auth.username | default "root" -}}
{{- end -}}
{{- end -}}

{{- define "clusterpedia.storageDatabase" -}}
{{- if eq (include "clusterpedia.storageType" .) "postgres" -}}
{{- .Values.global.postgresql.auth.database -}}
{{- else -}}
{{- .Values.mysql.auth.database -}}
{{- end -}}
{{- end -}}

{{- /* The password that the values name, or "". */ -}}
{{- define "clusterpedia.givenPassword" -}}
{{- if eq .Values.storageInstallMode "external" -}}
{{- if not .Values.externalStorage.dsn -}}{{- required "externalStorage.password is needed" .Values.externalStorage.password -}}
{{- else -}}{{- .Values.externalStorage.password -}}{{- end -}}
{{- else if eq (include "clusterpedia.storageType" .) "postgres" -}}
{{- with .Values.global.postgresql.auth }}{{ ternary .password .postgresPassword (ne .username "") }}{{ end -}}
{{- else -}}
{{- with .Values.mysql.auth }}{{ ternary .password .rootPassword (ne .username "") }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "clusterpedia.certificateSecret" -}}
{{- if eq .Values.certificate.mode "secret" -}}
{{- required "certificate.secretName is needed" .Values.certificate.secretName -}}
{{- else -}}
{{- include "clusterpedia.apiserver" . }}-certificate
{{- end -}}
{{- end -}}

{{- /* Values that are set and mean nothing here, one a line. */ -}}
{{- define "clusterpedia.ignored" -}}
{{- range $name, $set := dict
  "storageConfig.log" (.Values.storageConfig.log | default dict).enabled
  "persistenceMatchNode" .Values.persistenceMatchNode
  "apiserver.enableSHA1Cert" .Values.apiserver.enableSHA1Cert
  "apiserver.telemetry.tracing" .Values.apiserver.telemetry.tracing.endpoint
  "clustersynchroManager.kubeStateMetrics" .Values.clustersynchroManager.kubeStateMetrics.enabled
  "clustersynchroManager.vmrule" .Values.clustersynchroManager.vmrule.enabled
  "hookJob" .Values.hookJob }}
{{- if $set }}
  {{ $name }}
{{- end }}
{{- end }}
{{- end -}}
