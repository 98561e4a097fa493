"""etcd, API server, controller manager and scheduler: processes of the host."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.harness.errors import HarnessError, WaitedInVainError
from tests.harness.local.certificates import Authority, Certificate
from tests.harness.local.kubeconfig import write_kubeconfig
from tests.harness.local.state import ClusterState
from tests.harness.prerequisites import find_program
from tests.harness.processes import ProcessIdentity, last_lines
from tests.harness.waiting import wait_until

COMPONENTS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
ADMINISTRATORS = "system:masters"
# After this long without a heartbeat a node is NotReady; kubelets renew their lease every 3 s.
NODE_MONITOR_GRACE_SECONDS = 12
# Pods leave a node that is NotReady or unreachable after this long, unless they say otherwise.
DEFAULT_TOLERATION_SECONDS = 10


@dataclass(frozen=True)
class Credentials:
    """The certificates that the control plane needs to start."""

    authority: Authority
    server: Certificate
    kubelet_client: Certificate


def create_credentials(directory: Path, state: ClusterState) -> Credentials:
    """Make the authority, and sign for the API server and for those who talk to it."""
    authority = Authority(directory / "pki")
    authority.create()
    addresses = state.addresses
    names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
    server = authority.issue(
        "kube-apiserver",
        common_name="kube-apiserver",
        alternative_names=[
            *(f"DNS:{name}" for name in [*names, "localhost"]),
            *(f"IP:{address}" for address in (addresses.host, addresses.kubernetes_service, "127.0.0.1")),
        ],
    )
    kubelet_client = authority.issue(
        "kubelet-client", common_name="kube-apiserver-kubelet-client", organization=ADMINISTRATORS
    )
    for file_name, common_name, organization in (
        ("admin", "kubernetes-admin", ADMINISTRATORS),
        ("kube-controller-manager", "system:kube-controller-manager", ""),
        ("kube-scheduler", "system:kube-scheduler", ""),
        ("kube-proxy", "system:kube-proxy", ""),
    ):
        client = authority.issue(file_name, common_name=common_name, organization=organization)
        write_kubeconfig(
            kubeconfig_file(directory, file_name),
            server=state.server,
            authority=authority,
            client=client,
            cluster=state.spec.name,
        )
    return Credentials(authority=authority, server=server, kubelet_client=kubelet_client)


def kubeconfig_file(directory: Path, client: str) -> Path:
    """Return the path of a client's kubeconfig: `admin`, `kube-proxy` and so on."""
    return directory / "kubeconfigs" / client


def etcd_command(state: ClusterState, directory: Path) -> list[str | Path]:
    """Return the command that runs etcd, on loopback only."""
    client = f"http://127.0.0.1:{state.etcd_client_port}"
    peer = f"http://127.0.0.1:{state.etcd_peer_port}"
    return [
        find_program("etcd") or "etcd",
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        # Nothing here has to survive a power cut.
        "--unsafe-no-fsync",
        "--quota-backend-bytes=4294967296",
        "--log-level=warn",
    ]


def api_server_command(program: Path, state: ClusterState, credentials: Credentials) -> list[str | Path]:
    """Return the command that runs the API server, on the host's end of its cable to the edge."""
    addresses, authority = state.addresses, credentials.authority
    return [
        program,
        f"--etcd-servers=http://127.0.0.1:{state.etcd_client_port}",
        f"--bind-address={addresses.host}",
        f"--advertise-address={addresses.host}",
        f"--secure-port={state.api_server_port}",
        f"--service-cluster-ip-range={addresses.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={authority.own.certificate}",
        f"--tls-cert-file={credentials.server.certificate}",
        f"--tls-private-key-file={credentials.server.key}",
        f"--kubelet-client-certificate={credentials.kubelet_client.certificate}",
        f"--kubelet-client-key={credentials.kubelet_client.key}",
        # Node names are in nobody's DNS.
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={authority.service_account_public_key}",
        f"--service-account-signing-key-file={authority.service_account_key}",
        f"--default-not-ready-toleration-seconds={DEFAULT_TOLERATION_SECONDS}",
        f"--default-unreachable-toleration-seconds={DEFAULT_TOLERATION_SECONDS}",
        # A watch from resourceVersion 0 with bookmarks, as kwok's, is a streamed list by default, which Debian's etcd
        # 3.4.23 is too old for: the API server ends it with an error, and the client sees events only by listing again.
        "--feature-gates=WatchList=false",
        "--max-requests-inflight=1000",
        "--max-mutating-requests-inflight=500",
        "--event-ttl=2h",
        "--profiling=false",
    ]


def controller_manager_command(program: Path, directory: Path, credentials: Credentials) -> list[str | Path]:
    """Return the command that runs the controller manager."""
    authority = credentials.authority
    return [
        program,
        f"--kubeconfig={kubeconfig_file(directory, 'kube-controller-manager')}",
        f"--service-account-private-key-file={authority.service_account_key}",
        f"--root-ca-file={authority.own.certificate}",
        f"--cluster-signing-cert-file={authority.own.certificate}",
        f"--cluster-signing-key-file={authority.own.key}",
        "--use-service-account-credentials=true",
        # The default is a folder of the machine's, which would be made.
        f"--flex-volume-plugin-dir={directory / 'volume-plugins'}",
        "--allocate-node-cidrs=false",
        "--leader-elect=false",
        "--secure-port=0",
        "--node-monitor-period=2s",
        # The default, 15 s, is for metrics that are a minute old anyway.
        "--horizontal-pod-autoscaler-sync-period=2s",
        f"--node-monitor-grace-period={NODE_MONITOR_GRACE_SECONDS}s",
        # The default, one node in 10 s, is for clusters where losing several at once means a broken network.
        "--node-eviction-rate=5",
        "--secondary-node-eviction-rate=5",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]


def scheduler_command(program: Path, directory: Path) -> list[str | Path]:
    """Return the command that runs the scheduler."""
    return [
        program,
        f"--kubeconfig={kubeconfig_file(directory, 'kube-scheduler')}",
        "--leader-elect=false",
        "--secure-port=0",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        "--profiling=false",
    ]


def wait_for_api_server(
    state: ClusterState, credentials: Credentials, processes: Sequence[tuple[str, ProcessIdentity, Path]]
) -> None:
    """Return when the API server says that it is ready. Raises HarnessError with the log of what died."""

    def ready() -> bool:
        for name, process, log in processes:
            if not process.is_alive():
                raise HarnessError(f"{name} ended right after its start\n{last_lines(log)}")
        return is_ready(state.server, credentials.authority.own.certificate)

    _with_log(ready, 60, "the API server to be ready", processes[-1][2])


def is_ready(server: str, authority: Path) -> bool:
    """Tell whether the API server answers /readyz with ok."""
    try:
        context = ssl.create_default_context(cafile=str(authority))
        # A proxy from the environment is not to stand between this machine and itself.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        with opener.open(f"{server}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _with_log(condition: Callable[[], bool], timeout: float, what: str, log: Path) -> None:
    try:
        wait_until(condition, timeout=timeout, what=what)
    except WaitedInVainError as error:
        raise HarnessError(f"{error}\n{last_lines(log)}") from error
