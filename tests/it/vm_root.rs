//! VMs from nothing: user-data that cloud-init takes. Making the machine that they are made of needs root and this machine's
//! package sources, so this belongs to the longest group: see `scripts/test --help`.

use crate::support::sshd::generate_key;
use crate::support::trueup::Project;
use crate::support::vm::judged_by_cloud_init;

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
