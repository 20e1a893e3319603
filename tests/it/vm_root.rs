//! VMs from nothing: user-data that cloud-init takes, and one that qemu boots of it, which takes some two minutes. Making the machine that they are made of needs root and this machine's
//! package sources, so this belongs to the longest group: see `scripts/test --help`.

use crate::support::sshd::{free_port, generate_key};
use crate::support::trueup::Project;
use crate::support::vm::{judged_by_cloud_init, put_disk};

#[test]
fn user_data_is_what_cloud_init_takes() {
    let project = Project::with_spec(
        "version = 1\nname = \"dev\"\n[targets.vm]\nkind = \"vm\"\nssh = \"me@vm.example.com\"\n[targets.of_root]\nkind = \
         \"vm\"\nssh = \"root@other.example.com\"\n",
    );
    generate_key("ed25519", &project.home().join(".ssh/id_ed25519"), "");
    for target in ["vm", "of_root"] {
        let ran = project.trueup(&["render", "cloud-init", target, "--out", "-"]).any_stdout().any_stderr().exits(0);
        let (taken, told) = judged_by_cloud_init(&ran.stdout);
        assert!(taken && told.contains("Valid cloud-config"), "{target}: {told}\n{}", ran.stdout);
    }
    let (taken, told) = judged_by_cloud_init("#cloud-config\nusers: 7\n");
    assert!(!taken && told.contains("users: 7 is not"), "the judge tells right from wrong: {told}");
}

/// Starts the VM in the background, and answers where it is once qemu has taken its port.
const MAKE: &str = r#"set -e
printf 'instance-id: trueup-vm\n' >meta-data
genisoimage -quiet -output seed.iso -volid cidata -joliet -rock user-data meta-data >&2
qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m 1024 -smp 2 -kernel "$BOOT/vmlinuz" -initrd "$BOOT/initrd.img" \
  -append 'root=/dev/vda rw console=ttyS0' -drive file=disk.img,if=virtio,format=raw \
  -drive file=seed.iso,if=virtio,format=raw,readonly=on -netdev "user,id=n,hostfwd=tcp:127.0.0.1:$PORT-:22" \
  -device virtio-net-pci,netdev=n -display none -serial file:serial.log -pidfile qemu.pid -daemonize >&2
printf '{"host": "127.0.0.1", "port": %s, "user": "dev"}\n' "$PORT"
"#;

/// Ends the VM also where the test fails.
struct Ends(std::path::PathBuf);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(&self.0) {
            drop(std::process::Command::new("kill").arg(pid.trim()).status());
        }
    }
}

#[test]
fn a_vm_is_made_of_user_data_and_the_first_connection_to_it_is_strict() {
    let port = free_port();
    let project = Project::with_spec(&format!(
        "version = 1\nname = \"dev\"\n[shell]\nlogin = false\n[limits]\nconnect = \"30s\"\nprobe = \"60s\"\n[targets.vm]\nkind = \
         \"vm\"\nssh = \"dev@127.0.0.1:{port}\"\ncreate = [\"sh\", \"make-vm\"]\ndestroy = [\"sh\", \"-c\", \"kill $(cat \
         qemu.pid)\"]\n[tools]\ngit = \"present\"\n[dotfiles]\nfiles = [\".rc\"]\n"
    ));
    generate_key("ed25519", &project.home().join(".ssh/id_ed25519"), "");
    std::fs::write(project.home().join(".rc"), "rc\n").unwrap();
    let boot = put_disk(&project.at("disk.img"));
    project.write("make-vm", format!("BOOT='{}'\nPORT={port}\n{MAKE}", boot.display()));
    let _ends = Ends(project.at("qemu.pid"));
    project.trueup(&["capture", "--yes"]).any_stdout().exits(0);
    project.trueup(&["render", "cloud-init", "vm", "--out", "user-data"]).any_stdout().any_stderr().exits(0);
    let applied = project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(0);
    assert!(applied.stdout.contains("done    create ~/.rc"), "{}", applied.stdout);
    let report = project.trueup(&["check", "vm", "--format", "json"]).any_stdout().exits(0).json();
    let known = std::fs::read_to_string(project.known_hosts()).unwrap();
    assert_eq!(known.lines().count(), 1, "nothing was trusted but what the user-data brought: {known}");
    assert!(report["targets"][0]["machine"]["host_key"].as_str().unwrap().starts_with("SHA256:"));
    project.trueup(&["rollback", "vm", "--destroy", "--yes"]).any_stdout().any_stderr().exits(0);
    project.trueup(&["check", "vm"]).any_stdout().exits(3);
}
