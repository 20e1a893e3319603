//! What VMs are made of: a Debian with a kernel, systemd, an SSH server and cloud-init, made once and kept below `target/`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::debian::make_archive;

const PACKAGES: &str = "linux-image-amd64,systemd,systemd-sysv,dbus,udev,cloud-init,openssh-server,sudo,ca-certificates,curl,git,\
                        procps,iproute2,ifupdown,isc-dhcp-client,netbase,initramfs-tools,zstd";

/// The root folder of such a machine.
pub(crate) fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vm-1");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::File::create(folder.join("lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let root = folder.join("root");
    if !root.exists() {
        let (archive, unfinished) = (folder.join("root.tar"), folder.join("root.new"));
        make_archive(PACKAGES, &archive);
        drop(fs::remove_dir_all(&unfinished));
        fs::create_dir(&unfinished).unwrap();
        let tar = Command::new("tar").arg("-C").arg(&unfinished).arg("-xf").arg(&archive).status().unwrap();
        assert!(tar.success());
        fs::remove_file(archive).unwrap();
        fs::rename(unfinished, &root).unwrap();
    }
    root
}

/// What cloud-init says of user-data, and whether it takes it.
pub(crate) fn judged_by_cloud_init(user_data: &str) -> (bool, String) {
    let root = root();
    let name = format!("user-data-{}", std::process::id());
    let path = root.join("tmp").join(&name);
    fs::write(&path, user_data).unwrap();
    let mut command = Command::new("chroot");
    command.arg(&root).args(["cloud-init", "schema", "--config-file"]).arg(format!("/tmp/{name}"));
    let output = command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null()).output().unwrap();
    fs::remove_file(path).unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), told)
}
