//! What somebody has edited on a target since an apply wrote it stays, and is shown, unless it is to be overwritten.

use crate::support::machine::Machine;
use crate::support::trueup::Project;

fn written(over_ssh: bool) -> (Machine, Machine, Project) {
    let new = || if over_ssh { Machine::over_ssh() } else { Machine::local() };
    let (laptop, vm) = (new(), new());
    let project =
        Project::of(&[("laptop", &laptop), ("vm", &vm)], "[dotfiles]\nfiles = [\".zshrc\", \".vimrc\", \".set\"]");
    laptop.file(".zshrc", "one\ntwo\n").file(".vimrc", "v\n").file(".set/it's a", "a\n");
    project.capture().apply("vm");
    (laptop, vm, project)
}

#[test]
fn an_edit_since_the_last_apply_stays_and_is_shown_from_three_sides() {
    for over_ssh in [false, true] {
        let (laptop, vm, project) = written(over_ssh);
        laptop.file(".zshrc", "one\ntwo\nthree\n").file(".vimrc", "w\n");
        project.capture();
        vm.file(".zshrc", "zero\none\ntwo\n").file(".set/it's a", "mine\n");
        let shown = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
        let three = "       --- last-written/.zshrc\n       +++ now/.zshrc\n       @@ -1,2 +1,3 @@\n       +zero\n        one\n        two\n       \
                     --- now/.zshrc\n       +++ wanted/.zshrc\n       @@ -1,3 +1,3 @@\n       -zero\n        one\n        two\n       +three\n";
        assert!(shown.contains(three), "{shown}");
        let why = "no step for dotfile:.zshrc: it was edited on vm since the last apply, and stays; --overwrite replaces it (a backup is \
                   kept), and `trueup adopt vm dotfile:.zshrc` makes it the reference's";
        assert!(
            shown.contains(why) && shown.contains("1. change ~/.vimrc") && !shown.contains("change ~/.zshrc"),
            "{shown}"
        );
        // What the reference alone has changed is brought as ever.
        project.trueup(&["apply", "vm", "--yes"]).any_stdout().any_stderr().exits(1);
        assert_eq!((vm.read(".zshrc"), vm.read(".vimrc")), ("zero\none\ntwo\n".to_owned(), "w\n".to_owned()));
        assert_eq!(vm.read(".set/it's a"), "mine\n");
        project.trueup(&["apply", "vm", "--yes", "--overwrite"]).any_stdout().any_stderr().exits(0);
        assert_eq!(vm.read(".zshrc"), "one\ntwo\nthree\n");
        // What was overwritten is not lost, and once it is back it is an edit again.
        project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
        assert_eq!(vm.read(".zshrc"), "zero\none\ntwo\n");
        project.trueup(&["plan", "vm"]).stdout_has("it was edited on vm").exits(1);
    }
}

#[test]
fn what_no_apply_has_written_is_replaced_and_so_is_what_was_rolled_back() {
    let (_laptop, vm, project) = written(false);
    project.trueup(&["rollback", "vm", "--yes"]).any_stdout().exits(0);
    vm.file(".zshrc", "its own\n");
    project.apply("vm").check(&["vm"], 0);
    // A file that was removed is no edit: nothing is lost.
    std::fs::remove_file(vm.at(".zshrc")).unwrap();
    vm.mode(".vimrc", 0o600);
    project.apply("vm").check(&["vm"], 0);
}

#[test]
fn a_plan_that_overwrites_is_saved_as_one_and_a_secret_is_shown_from_no_side() {
    let (laptop, vm, project) = written(false);
    laptop.file(".zshrc", "export API_TOKEN=pl4nted-one\n");
    project.capture();
    vm.file(".zshrc", "mine\n");
    let planned = project.trueup(&["plan", "vm"]).any_stdout().exits(1).stdout;
    assert!(planned.contains("looks secret") && !planned.contains("pl4nted"), "{planned}");
    project.trueup(&["plan", "vm", "--overwrite", "--out", "p.json"]).any_stdout().exits(1);
    project.trueup(&["apply", "p.json", "--yes"]).any_stdout().any_stderr().exits(0);
    assert_eq!(vm.read(".zshrc"), "export API_TOKEN=pl4nted-one\n");
}
