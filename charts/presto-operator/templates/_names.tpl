{{- define "presto-operator.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of objects that have no namespace: releases of one name in two namespaces have different ones. */}}
{{- define "presto-operator.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "presto-operator.fullname" .) | trunc 240 | trimSuffix "-" -}}
{{- end -}}

{{- define "presto-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "presto-operator.labels" -}}
{{ include "presto-operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The operator's rights on PrestoClusters and the objects that it creates for them. */}}
{{- define "presto-operator.rules" -}}
- apiGroups: [prestooperator.io]
  resources: [prestoclusters]
  verbs: [list, watch]
- apiGroups: [prestooperator.io]
  resources: [prestoclusters/status]
  verbs: [patch]
# Objects of a cluster have owner references with blockOwnerDeletion.
- apiGroups: [prestooperator.io]
  resources: [prestoclusters/finalizers]
  verbs: [update]
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list, watch, create, patch, delete]
# Records of what a generation was rendered to.
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, list, watch, create, patch, delete]
# Secrets: the operator reads those that a cluster refers to, by name, and writes its own copies of catalogs.
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch, delete]
- apiGroups: [""]
  resources: [configmaps, services, serviceaccounts]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch]
# patch: the annotation by which a scale-down removes the workers that were chosen.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}
