"""Name the files that kubeadm and the kubelet share on a host.

Source: https://kubernetes.io/docs/reference/setup-tools/kubeadm/implementation-details/.
"""

KUBERNETES = "/etc/kubernetes"
MANIFESTS = f"{KUBERNETES}/manifests"
ADMIN_CONF = f"{KUBERNETES}/admin.conf"
KUBELET_CONF = f"{KUBERNETES}/kubelet.conf"
BOOTSTRAP_KUBELET_CONF = f"{KUBERNETES}/bootstrap-kubelet.conf"
CONTROLLER_MANAGER_CONF = f"{KUBERNETES}/controller-manager.conf"
SCHEDULER_CONF = f"{KUBERNETES}/scheduler.conf"
DEFAULT_CERTIFICATES = f"{KUBERNETES}/pki"
DEFAULT_CA = f"{DEFAULT_CERTIFICATES}/ca.crt"
KUBELET = "/var/lib/kubelet"
KUBELET_CONFIG = f"{KUBELET}/config.yaml"
KUBELET_FLAGS = f"{KUBELET}/kubeadm-flags.env"
ETCD_DATA = "/var/lib/etcd"
CNI_CONFIG = "/etc/cni/net.d"
