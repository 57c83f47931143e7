# The definition of PolicyReports, as far as brgate writes them and `kubectl get` shows them.
policy_reports_definition() {
    local count='{type: integer}' text='{type: string}'
    cat <<YAML
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: policyreports.wgpolicyk8s.io, annotations: {api-approved.kubernetes.io: "https://github.com/kubernetes/enhancements/pull/1111"}}
spec:
  group: wgpolicyk8s.io
  scope: Namespaced
  names: {kind: PolicyReport, listKind: PolicyReportList, plural: policyreports, singular: policyreport, shortNames: [polr]}
  versions:
  - name: v1alpha2
    served: true
    storage: true
    additionalPrinterColumns:
    - {name: Kind, type: string, jsonPath: .scope.kind, priority: 1}
    - {name: Name, type: string, jsonPath: .scope.name, priority: 1}
    - {name: Pass, type: integer, jsonPath: .summary.pass}
    - {name: Fail, type: integer, jsonPath: .summary.fail}
    - {name: Warn, type: integer, jsonPath: .summary.warn}
    - {name: Error, type: integer, jsonPath: .summary.error}
    - {name: Skip, type: integer, jsonPath: .summary.skip}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          scope:
            type: object
            properties: {apiVersion: $text, kind: $text, namespace: $text, name: $text, uid: $text, resourceVersion: $text, fieldPath: $text}
          summary:
            type: object
            properties: {pass: $count, fail: $count, warn: $count, error: $count, skip: $count}
          results:
            type: array
            items:
              type: object
              required: [policy]
              properties:
                source: $text
                policy: $text
                rule: $text
                category: $text
                message: $text
                scored: {type: boolean}
                severity: {type: string, enum: [critical, high, medium, low, info]}
                result: {type: string, enum: [pass, fail, warn, error, skip]}
                properties: {type: object, additionalProperties: $text}
                timestamp:
                  type: object
                  required: [seconds, nanos]
                  properties: {seconds: {type: integer, format: int64}, nanos: {type: integer, format: int32}}
YAML
}
