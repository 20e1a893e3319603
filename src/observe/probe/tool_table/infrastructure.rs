//! Containers, clusters and clouds.

use super::{ALONE, LEADING, Row, other, row};

pub(super) const ROWS: &[Row] = &[
    row("docker", "--version", r"(?m)^Docker version ([^\s,]+)").or(&[other("podman", r"(?m)^podman version (\S+)")]),
    row("docker-compose", "--version", r"(?m)^[Dd]ocker[ -][Cc]ompose version v?(\d[^\s,]*)"),
    row("podman", "--version", r"(?m)^podman version (\S+)"),
    row("buildah", "--version", r"(?m)^buildah version (\S+)"),
    row("skopeo", "--version", r"(?m)^skopeo version (\S+)"),
    row("nerdctl", "--version", r"(?m)^nerdctl version (\S+)"),
    row("colima", "--version", r"(?m)^colima version (\S+)"),
    row("devcontainer", "--version", ALONE),
    // Old ones know no JSON and fall back to text, very old ones print a Go value.
    row(
        "kubectl",
        "version --client --output=json",
        r#""gitVersion": *"([^"]+)"|(?m)^Client Version: (v\d\S*)|GitVersion:"([^"]+)""#,
    ),
    row("helm", "version --short", r"(?m)^(?:Client: )?(v\d\S*)"),
    row("kustomize", "version", r"(?m)^(v\d\S*)|kustomize/(v[^\s]+)"),
    row("kind", "--version", r"(?m)^kind (?:version )?v?(\d\S*)"),
    row("minikube", "version", r"(?m)^minikube version: (v\S+)"),
    row("k3d", "--version", r"(?m)^k3d version (v\S+)"),
    row("terraform", "version", r"(?m)^Terraform (v\S+)").or(&[other("OpenTofu", r"(?m)^OpenTofu (v\S+)")]),
    row("tofu", "version", r"(?m)^OpenTofu (v\S+)"),
    row("packer", "--version", r"(?m)^(?:Packer )?v?(\d+\.\d\S*)"),
    row("vault", "--version", r"(?m)^Vault (v\S+)"),
    row("pulumi", "version", r"(?m)^(v\d\S*)"),
    // It refuses to start where the locale has no UTF-8, so it gets the one that it would have.
    row("ansible", "--version", r"(?m)^ansible (?:\[core )?(\d[^\]\s]*)").quietly("LC_ALL=\"$tu_was_LC_ALL\""),
    row("aws", "--version", r"(?m)^aws-cli/(\S+)"),
    row("gcloud", "--version", r"(?m)^Google Cloud SDK (\S+)"),
    row("az", "version --output json", r#""azure-cli": "([^"]+)""#),
    row("flyctl", "version", r"(?m)^(?:fly|flyctl) v?(\d\S*)"),
    row("doctl", "version", r"(?m)^doctl version (\S+)"),
    row("act", "--version", r"(?m)^act version (\S+)"),
    row("sops", "--version --disable-version-check", r"(?m)^sops (\d\S*)"),
    row("age", "--version", LEADING),
];
