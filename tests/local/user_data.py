"""User data for tests of guests, written by hand: nothing of it comes from our own templates."""

import json

PROGRAMS = "https://dl.k8s.io/release/v1.14.0/bin/linux/amd64"
CALICO = "https://docs.projectcalico.org/v3.8/manifests/calico.yaml"
TOKEN = "abcdef.0123456789abcdef"

HOST = f"""\
- swapoff -a
- sed -i '/ swap /d' /etc/fstab
- modprobe br_netfilter
- sysctl -w net.bridge.bridge-nf-call-iptables=1
- sysctl -w net.ipv4.ip_forward=1
- apt-get update && apt-get install -y docker.io
- [curl, -fsSL, -o, /usr/bin/kubeadm, {PROGRAMS}/kubeadm]
- [curl, -fsSL, -o, /usr/bin/kubelet, {PROGRAMS}/kubelet]
- [curl, -fsSL, -o, /usr/bin/kubectl, {PROGRAMS}/kubectl]
- chmod 0755 /usr/bin/kubeadm /usr/bin/kubelet /usr/bin/kubectl
- systemctl enable kubelet
"""
KUBELET_UNIT = "[Service]\\nExecStart=/usr/bin/kubelet\\n"


def control_plane(name: str, fixed: str, floating: str, ca_certificate: str, ca_key: str, more: str = "") -> str:
    kubeadm = f"""\
apiVersion: kubeadm.k8s.io/v1beta1
kind: InitConfiguration
bootstrapTokens:
- token: {TOKEN}
  ttl: 15m0s
localAPIEndpoint:
  advertiseAddress: {fixed}
nodeRegistration:
  name: {name}
  kubeletExtraArgs:
    provider-id: openstack:///{{{{ v1.instance_id }}}}
---
apiVersion: kubeadm.k8s.io/v1beta1
kind: ClusterConfiguration
kubernetesVersion: v1.14.0
controlPlaneEndpoint: {floating}:6443
apiServer:
  certSANs: [{floating}]
networking:
  podSubnet: 192.168.0.0/16
"""
    files = [
        {"path": "/etc/kubernetes/pki/ca.crt", "content": ca_certificate},
        {"path": "/etc/kubernetes/pki/ca.key", "content": ca_key, "permissions": "0600"},
        {"path": "/etc/kubeadm.yaml", "content": kubeadm},
        {"path": "/etc/systemd/system/kubelet.service", "content": "[Service]\nExecStart=/usr/bin/kubelet\n"},
    ]
    return f"""\
## template: jinja
#cloud-config
hostname: {name}
write_files: {json.dumps(files)}
runcmd:
{HOST}
- kubeadm init --config /etc/kubeadm.yaml
- curl -fsSL -o /tmp/net.yaml {CALICO}
- kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f /tmp/net.yaml
{more}
"""


def worker(name: str, endpoint: str, pin: str, token: str = TOKEN, more: str = "") -> str:
    kubeadm = f"""\
apiVersion: kubeadm.k8s.io/v1beta1
kind: JoinConfiguration
discovery:
  bootstrapToken:
    token: {token}
    apiServerEndpoint: {endpoint}
    caCertHashes: ["{pin}"]
nodeRegistration:
  kubeletExtraArgs:
    provider-id: openstack:///{{{{ v1.instance_id }}}}
"""
    files = [
        {"path": "/etc/kubeadm.yaml", "content": kubeadm},
        {"path": "/etc/systemd/system/kubelet.service", "content": "[Service]\nExecStart=/usr/bin/kubelet\n"},
    ]
    return f"""\
## template: jinja
#cloud-config
hostname: {name}
write_files: {json.dumps(files)}
runcmd:
{HOST}
- kubeadm join --config /etc/kubeadm.yaml
{more}
"""
