//! What a system brings: shells, text tools, archives, network, keys.

use super::{ALONE, BUSYBOX, LEADING, Row, other, refusing, row};

pub(super) const ROWS: &[Row] = &[
    row("bash", "--version", r"(?m)^GNU bash, version (\S+)"),
    row("zsh", "--version", r"(?m)^zsh (\S+)"),
    row("fish", "--version", r"(?m)^fish, version (\S+)"),
    row("mksh", "-c 'echo \"$KSH_VERSION\"'", r"(?m)^@\(#\)MIRBSD KSH R(\S+)"),
    row("ksh93", "-c 'echo \"${.sh.version}\"'", r"(?m)^Version \S+ 93u\+m/(\S+)")
        .or(&[other("AT&T ksh", r"(?m)^Version \S+ (93[a-z]+)\+? ")]),
    row("yash", "--version", r"(?m)^Yet another shell, version (\S+)"),
    row("busybox", "", r"(?m)^BusyBox v(\S+)"),
    row("tmux", "-V", r"(?m)^tmux (?:next-)?(\d\S*)"),
    row("screen", "--version", r"(?m)^Screen version (\S+)"),
    row("ssh", "-V", r"(?m)^OpenSSH_(?:for_Windows_)?([^\s,]+)")
        .or(&[other("Dropbear", r"(?m)^Dropbear v(\S+)")])
        .on_both(),
    row("sshd", "-V", r"(?m)^OpenSSH_(?:for_Windows_)?([^\s,]+)").on_both(),
    row("openssl", "version", r"(?m)^OpenSSL (\S+)").or(&[other("LibreSSL", r"(?m)^LibreSSL (\S+)")]),
    row("gpg", "--version", r"(?m)^gpg \(GnuPG[^)]*\) (\S+)"),
    row("curl", "--version", r"(?m)^curl (\S+)"),
    row("wget", "--version", r"(?m)^GNU Wget (\S+)").or(&[other("Wget2", r"(?m)^GNU Wget2 (\S+)"), BUSYBOX]),
    row("rsync", "--version", r"(?m)^rsync +version v?(\d\S*)")
        .or(&[other("openrsync", r"(?m)^openrsync: protocol version (\S+),")]),
    // BusyBox claims a version of GNU's here and tells its own only where it explains itself. Where it is not known for
    // BusyBox, its version is not known either.
    row("sed", "--version && if tu_of_busybox; then \"$tu_path\" --help; fi", r"(?m)^\S*sed \(GNU sed\) (\S+)")
        .on_both()
        .or(&[BUSYBOX, refusing("BSD sed", r"(?m)^\S*sed: (?:illegal|unrecognized|invalid) option")]),
    row("awk", "--version", r"(?m)^GNU Awk ([^\s,]+)").or(&[
        other("mawk", r"(?m)^mawk (\d\S*)"),
        other("one true awk", r"(?m)^awk version (\d\S*)"),
        BUSYBOX,
    ]),
    row("gawk", "--version", r"(?m)^GNU Awk ([^\s,]+)"),
    row("grep", "--version", r"(?m)^\S*grep \(GNU grep\) (\S+)")
        .or(&[other("BSD grep", r"(?m)^grep \(BSD grep[^)]*\) (\S+)"), BUSYBOX]),
    row("find", "--version", r"(?m)^\S*find \(GNU findutils\) (\S+)")
        .or(&[BUSYBOX, refusing("BSD find", r"(?m)^\S*find: (?:illegal|unrecognized|invalid) option")]),
    row("diff", "--version", r"(?m)^\S*diff \(GNU diffutils\) (\S+)")
        .or(&[other("Apple diff", r"(?m)^Apple diff"), BUSYBOX]),
    row("tar", "--version", r"(?m)^\S*tar \(GNU tar\) (\S+)")
        .or(&[other("bsdtar", r"(?m)^bsdtar (\S+)"), other("BusyBox", r"(?m)^tar \(busybox\) (\S+)")]),
    row("gzip", "--version", r"(?m)^gzip (\d\S*)").or(&[other("Apple gzip", r"(?m)^Apple gzip (\S+)"), BUSYBOX]),
    row("xz", "--version", r"(?m)^xz \(XZ Utils\) (\S+)").or(&[BUSYBOX]),
    row("zstd", "--version", r"(?m)\bv(\d[^\s,]*), by Yann Collet"),
    row("less", "--version", r"(?m)^less (\d\S*)").or(&[BUSYBOX]),
    row("stow", "--version", r"(?m)^stow \(GNU Stow\) (?:version )?(\S+)"),
    row("chezmoi", "--version", r"(?m)^chezmoi version ([^\s,]+)"),
    row("direnv", "version", ALONE),
    row("starship", "--version", r"(?m)^starship (\S+)"),
    row("hyperfine", "--version", r"(?m)^hyperfine (\S+)"),
    row("watchman", "--version", LEADING),
];
