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

/// Puts a disk of it at a place, and tells the folder that has its `vmlinuz` and `initrd.img`.
pub(crate) fn put_disk(disk: &Path) -> PathBuf {
    let root = root();
    fs::write(root.join("etc/fstab"), "/dev/vda / ext4 rw 0 1\n").unwrap();
    fs::write(root.join("etc/machine-id"), "").unwrap();
    let made =
        Command::new("/usr/sbin/mke2fs").args(["-q", "-t", "ext4", "-d"]).arg(&root).arg(disk).arg("2500M").status();
    assert!(made.unwrap().success(), "mke2fs of {}", root.display());
    let boot = root.parent().unwrap().join("boot");
    fs::create_dir_all(&boot).unwrap();
    for file in fs::read_dir(root.join("boot")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        let name = ["vmlinuz", "initrd.img"].into_iter().find(|start| name.starts_with(start));
        if let Some(name) = name {
            fs::copy(&file, boot.join(name)).unwrap();
        }
    }
    boot
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
