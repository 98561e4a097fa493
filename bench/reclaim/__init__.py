"""From a node's taint to its workers' leave, with many clusters."""
