"""The bounds of everything that reaches the operator from outside, and of everything that it writes in words.

They keep one cluster from delaying the others, and refuse with the field's name what the API server would refuse later
without one. docs/resource.md lists them. The bounds of single fields are in the CRD.
"""

from __future__ import annotations

MAX_SPEC_BYTES = 512 * 1024
"""A spec as JSON. `kubectl apply` alone takes 256 KiB, as it keeps a copy in an annotation."""

MAX_DEPTH = 32
"""Objects and lists inside of each other, from `spec` on. A pod's deepest fields are at 12."""

MAX_SOURCES = 64
"""Different Secrets and ConfigMaps that one spec refers to: one for each of the 64 catalogs that it may contain."""

MAX_SOURCE_BYTES = 256 * 1024
"""All properties files together that a spec takes from Secrets and ConfigMaps."""

MAX_SOURCE_LINES = 4096
"""The lines of these files together. A line costs 20 us, so that they are read within 0.1 s."""

MAX_CATALOGS = 256
"""Catalogs of one cluster, those of `catalogsFrom` included. Each one is named in the pods and in an annotation."""

MAX_OBJECT_BYTES = 1024 * 1024
"""The data of a ConfigMap or a Secret: Kubernetes' own limit (MaxSecretSize, and the same for ConfigMaps)."""

MAX_ANNOTATION_BYTES = 128 * 1024
"""The annotations of one object that a spec may set. Kubernetes allows 256 KiB, of which the operator needs a part."""

SOURCE_READS_AT_ONCE = 8
"""Secrets and ConfigMaps of one cluster that are read at the same time."""

SOURCE_READ_SECONDS = 20
"""How long all Secrets and ConfigMaps of one cluster may take to be read."""

MAX_CONDITION_BYTES = 32 * 1024
"""The message of a condition: the limit of `metav1.Condition`."""

MAX_EVENT_BYTES = 1024
"""The message of an Event: the API server refuses a longer one."""

MAX_LISTED = 10
"""Errors or warnings that one message lists."""

MAX_MESSAGE = 1000
"""Characters of one error, its field included."""

MAX_QUOTED = 80
"""Characters that a message quotes of a value."""

MAX_NAME = 256
"""Characters that a message quotes of a name in a field's path: no name that is allowed for a property is longer."""
