//! A machine that has nothing but busybox, as Alpine has it: ash is its shell, and no tool of it is GNU's.

use super::shape::{Shape, found};

/// What this machine's busybox can do and Alpine's cannot.
const NOT_ALPINES: [&str; 4] = ["dpkg", "dpkg-deb", "rpm", "rpm2cpio"];

const RELEASE: &str = "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n\
    HOME_URL=\"https://alpinelinux.org/\"\nBUG_REPORT_URL=\"https://gitlab.alpinelinux.org/alpine/aports/-/issues\"\n";

/// What apk writes down about what it has installed.
const INSTALLED: &str = include_str!("../../../fixtures/alpine/installed");

impl Shape {
    /// The machine.
    pub(crate) fn busybox() -> Self {
        let shape = Self::new(
            "/home/dev",
            "/bin/ash",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "/usr/local/bin",
        );
        shape.copy("busybox", "/bin/busybox");
        let listed = std::process::Command::new(found("busybox")).arg("--list-full").output().unwrap();
        for place in String::from_utf8(listed.stdout).unwrap().lines() {
            let name = place.rsplit('/').next().unwrap();
            if !NOT_ALPINES.contains(&name) && name != "busybox" {
                shape.link(place, "/bin/busybox");
            }
        }
        shape.copy("git", "/usr/bin/git");
        shape.borrow_libraries();
        shape.borrow("/proc", "/proc");
        shape.put("/etc/os-release", RELEASE);
        shape.put("/etc/passwd", "dev:x:0:0:dev:/home/dev:/bin/ash\n");
        shape.put("/etc/machine-id", "5f0c1d2e3a4b5c6d7e8f901234567890\n");
        shape.put("/lib/apk/db/installed", INSTALLED);
        shape.folder("/tmp");
        shape
    }
}
