//! A Mac, as far as trueup can tell: macOS's folders, its shells, tools that refuse what macOS's refuse, Homebrew's prefix.

use std::path::Path;

use super::shape::Shape;

/// What stands in which folder: by macOS's own tools, done by busybox.
const BASE: [(&str, &str); 3] = [
    (
        "/bin",
        "cat chmod cp date dd echo expr hostname kill link ln ls mkdir mv pwd rm rmdir sleep stty sync test unlink",
    ),
    (
        "/usr/bin",
        "basename bc cal cksum cmp comm cut diff dirname du env expand factor false find fold grep head hexdump id \
         killall less logname mkfifo mktemp more nl od paste patch printf \
         readlink renice rev sed seq sort strings tail tar tee time touch tr true tty uniq uptime wc which \
         who whoami xargs xxd yes",
    ),
    ("/usr/sbin", "chown chroot"),
];

/// What macOS has and answers for itself.
const OWN: [(&str, &str); 16] = [
    ("/usr/bin/fdesetup", "fdesetup"),
    ("/usr/bin/xcodebuild", "xcodebuild"),
    ("/usr/bin/pmset", "pmset"),
    ("/bin/launchctl", "launchctl"),
    ("/usr/bin/stat", "stat"),
    ("/bin/ps", "ps"),
    ("/usr/bin/uname", "uname"),
    ("/usr/bin/sw_vers", "sw_vers"),
    ("/usr/sbin/ioreg", "ioreg"),
    ("/usr/sbin/sysctl", "sysctl"),
    ("/usr/bin/dscl", "dscl"),
    ("/usr/sbin/scutil", "scutil"),
    ("/usr/bin/defaults", "defaults"),
    ("/bin/df", "df"),
    ("/usr/bin/xcode-select", "xcode-select"),
    ("/usr/libexec/path_helper", "path_helper"),
];

/// What opens a dialog where Apple's developer tools are not installed.
const STAND_INS: [&str; 9] = ["git", "python3", "pip3", "make", "clang", "cc", "gcc", "swift", "svn"];

const TOOLS: &str = "/Library/Developer/CommandLineTools";

/// What differs from Mac to Mac.
#[derive(Clone, Copy)]
pub(crate) struct Mac {
    /// Whether Apple's developer tools are installed.
    pub(crate) developer_tools: bool,
    /// Whether `readlink` knows no `-f`, as before macOS 12.3.
    pub(crate) old: bool,
}

impl Shape {
    /// The machine.
    pub(crate) fn mac(mac: Mac) -> Self {
        let shape = Self::new("/Users/dev", "/bin/zsh", "/usr/bin:/bin:/usr/sbin:/sbin", "/opt/homebrew/bin");
        for name in ["etc", "tmp", "var"] {
            shape.folder(&format!("/private/{name}"));
            shape.link(name, &format!("private/{name}"));
        }
        shape.copy("busybox", "/.shape/busybox");
        shape.copy("printenv", "/usr/bin/printenv");
        for (folder, names) in BASE {
            for name in names.split_whitespace() {
                shape.program(&format!("{folder}/{name}"), fixture("bsd"));
            }
        }
        for (place, name) in OWN {
            shape.program(place, fixture(name));
        }
        for (name, place) in [("bash", "/bin/bash"), ("bash", "/bin/sh"), ("dash", "/bin/dash"), ("zsh", "/bin/zsh")] {
            shape.copy(name, place);
        }
        shape.copy("perl", "/usr/bin/perl");
        shape.copy("shasum", "/usr/bin/shasum");
        shape.copy("original-awk", "/usr/bin/awk");
        shape.borrow_libraries();
        // Where nothing but its ps looks.
        shape.borrow("/proc", "/.shape/proc");
        if mac.old {
            shape.put("/.shape/old", "");
        }
        shape.start_up_files();
        shape.developer_tools(mac.developer_tools);
        shape.homebrew();
        shape
    }

    fn start_up_files(&self) {
        self.put("/private/etc/passwd", "dev:*:0:0:Dev:/Users/dev:/bin/zsh\n");
        self.put("/private/etc/paths", "/usr/local/bin\n/usr/bin\n/bin\n/usr/sbin\n/sbin\n");
        let profile = "if [ -x /usr/libexec/path_helper ]; then\n\teval `/usr/libexec/path_helper -s`\nfi\n";
        self.put("/private/etc/zprofile", profile);
        self.put("/private/etc/profile", profile);
        // Debian's zsh looks for them there.
        self.link("/private/etc/zsh/zprofile", "../zprofile");
        self.link("/private/etc/localtime", "/var/db/timezone/zoneinfo/Europe/Berlin");
        self.put("/Users/dev/.zprofile", "PATH=\"/opt/homebrew/bin:$PATH\"; export PATH\n");
    }

    fn developer_tools(&self, installed: bool) {
        for name in STAND_INS {
            self.program(&format!("/usr/bin/{name}"), fixture("stand-in"));
        }
        self.copy("git", "/.shape/git");
        if installed {
            for name in ["git", "python3"] {
                self.program(&format!("{TOOLS}/usr/bin/{name}"), fixture(name));
            }
        }
    }

    /// Homebrew's prefix, as it leaves it.
    fn homebrew(&self) {
        self.program("/opt/homebrew/bin/brew", fixture("brew"));
        for name in ["version", "formulae", "casks", "taps"] {
            self.put(&format!("/.shape/brew/{name}"), recorded(name));
        }
        for line in recorded("formulae").lines() {
            let mut versions = line.split(' ');
            let name = versions.next().unwrap();
            for version in versions.clone() {
                self.put(&format!("/opt/homebrew/Cellar/{name}/{version}/INSTALL_RECEIPT.json"), receipt(name));
            }
            // The link is made last, so it leads to the newest; what is keg-only has no other.
            let newest = versions.next_back().unwrap();
            self.link(&format!("/opt/homebrew/opt/{name}"), &format!("../Cellar/{name}/{newest}"));
        }
        self.link("/opt/homebrew/var/homebrew/pinned/jq", "../../../Cellar/jq/1.7.1");
        for path in recorded("caskroom").lines() {
            // Of an app that updates itself: its receipt stays behind.
            let content =
                if path.ends_with("RECEIPT.json") { "{\"source\":{\"version\":\"4.38.0,181591\"}}" } else { "{}" };
            self.put(&format!("/opt/homebrew/Caskroom/{path}"), content);
        }
        // What it was called before.
        self.link("/opt/homebrew/Caskroom/docker", "docker-desktop");
        for (user, name) in recorded("taps").lines().filter_map(|tap| tap.split_once('/')) {
            self.put(
                &format!("/opt/homebrew/Library/Taps/{user}/homebrew-{name}/.git/config"),
                format!("[remote \"origin\"]\n\turl = https://github.com/{user}/homebrew-{name}\n"),
            );
        }
    }

    /// What was started of Apple's stand-ins.
    pub(crate) fn dialogs(&self) -> String {
        std::fs::read_to_string(self.at("/.shape/started")).unwrap_or_default()
    }
}

/// What Homebrew writes beside a formula; the shortest that it reads, where none is recorded.
fn receipt(name: &str) -> String {
    let path = format!("{}/fixtures/mac/brew/receipts/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap_or_else(|_| "{\"source\":{\"tap\":\"homebrew/core\"}}".to_owned())
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mac/bin");
    std::fs::read(folder.join(name)).unwrap()
}

/// What Homebrew says.
fn recorded(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mac/brew");
    std::fs::read_to_string(folder.join(name)).unwrap()
}
