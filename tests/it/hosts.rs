//! Hosts of three shapes run the same tests: this Debian, one that has nothing but busybox, and a Mac as far as trueup can
//! tell. The reference is a sandbox on this Debian, and commands run in the login shell of each host.
//!
//! A test is a function of a host; the table at the end runs each of them on each shape. Where two shapes must differ, the
//! test says what each of them has to answer.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::support::mac::Mac;
use crate::support::machine::{Machine, contents, listing};
use crate::support::shape::Shape;
use crate::support::trueup::{Project, Report, spec_of};

/// A Mac as a developer has it.
const FURNISHED: Mac = Mac { developer_tools: true, old: false };

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Debian,
    Busybox,
    Mac,
}

/// A host and what it is.
struct Host {
    kind: Kind,
    machine: Machine,
}

impl Host {
    fn new(kind: Kind) -> Self {
        let machine = match kind {
            Kind::Debian => Machine::over_ssh(),
            Kind::Busybox => Machine::shaped(Shape::busybox()),
            Kind::Mac => return Self::mac(FURNISHED),
        };
        let host = Self { kind, machine };
        if kind == Kind::Debian {
            // Debian's /etc/profile begins PATH anew.
            host.start_up(&format!("PATH={}; export PATH", host.machine.path()));
        }
        host
    }

    fn mac(mac: Mac) -> Self {
        Self { kind: Kind::Mac, machine: Machine::shaped(Shape::mac(mac)) }
    }

    /// Adds a line to what the login shell reads.
    fn start_up(&self, line: &str) {
        let name = if self.kind == Kind::Mac { ".zprofile" } else { ".profile" };
        let so_far = fs::read_to_string(self.machine.at(name)).unwrap_or_default();
        self.machine.file(name, format!("{so_far}{line}\n"));
    }

    /// What differs between the shapes.
    fn by_kind<T>(&self, debian: T, busybox: T, mac: T) -> T {
        match self.kind {
            Kind::Debian => debian,
            Kind::Busybox => busybox,
            Kind::Mac => mac,
        }
    }

    /// All that it holds, with every time. Of this Debian itself, its home.
    fn listing(&self) -> std::collections::BTreeMap<String, String> {
        self.machine.shape().map_or_else(|| self.machine.listing(), |shape| listing(&shape.root()))
    }
}

/// A project that holds the host true to the reference, in its login shell.
fn project(laptop: &Machine, host: &Host, rest: &str) -> Project {
    let targets = [("laptop", laptop), ("host", &host.machine)];
    let project = Project::of(&targets, rest);
    project.spec(&spec_of(&targets, rest).replace("login = false", "login = true"));
    project
}

fn sha256(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text<'a>(report: &'a Report, id: &str, key: &str) -> &'a str {
    let value = &report.finding("host", id)[key];
    value.as_str().unwrap_or_else(|| panic!("{id} has no {key}: {}", report.finding("host", id)))
}

const NOTHING: Vec<String> = Vec::new();

/// Who it is, and what surrounds commands there.
fn says_who_it_is(host: &Host) {
    let laptop = Machine::local();
    let project = project(&laptop, host, "[tools]\nsh = { version = \"echo 1.0\", policy = \"present\" }\n");
    project.capture();
    let report = project.check(&["host"], 0);
    let (machine, shown) = (&report.target("host")["machine"], &report.target("host")["shown"]);
    let fact = |name: &str| shown[format!("system:{name}")].as_str().unwrap_or("not told").to_owned();
    assert_eq!(machine["os"], host.by_kind("linux", "linux", "macos"));
    assert_eq!(machine["host_key"], host.machine.server().fingerprint("ed25519"));
    assert_eq!((fact("clock"), fact("umask")), ("0 s".to_owned(), "0022".to_owned()));
    let arch = std::env::consts::ARCH;
    if host.kind == Kind::Debian {
        let id = fs::read_to_string("/etc/machine-id").unwrap_or_default();
        assert_eq!(machine["id"].as_str().unwrap_or_default(), id.trim());
        assert_eq!(machine["arch"], arch);
        return;
    }
    assert_eq!(machine["arch"], host.by_kind("", arch, "aarch64"));
    assert_eq!(machine["os_version"], host.by_kind("", "3.20.3", "14.5"));
    let uuid = "9C1A7E44-2B0D-5F6A-8E3B-0123456789AB";
    assert_eq!(machine["id"], host.by_kind("", "5f0c1d2e3a4b5c6d7e8f901234567890", uuid));
    assert_eq!(fact("shell"), host.by_kind("", "/bin/ash", "/bin/zsh"));
    assert_eq!(fact("timezone"), host.by_kind("", "UTC", "Europe/Berlin"));
    if host.kind == Kind::Mac {
        assert_eq!((fact("hostname"), fact("hardware_uuid")), ("mini.local".to_owned(), uuid.to_owned()));
        assert_eq!((fact("vm"), fact("container"), fact("libc")), ("none".into(), "none".into(), "none".into()));
        assert_eq!(fact("disk_free"), "46.775 GB");
    }
}

/// Versions, the real path of each, other copies on PATH, and what is another product under the name.
fn finds_tools_where_they_are(host: &Host) {
    let laptop = Machine::local();
    for machine in [&laptop, &host.machine] {
        machine.says("node", "v22.11.0").tool("java", "echo 'openjdk version \"21.0.4\" 2024-07-16' >&2");
        machine.tool("banner", "echo 'welcome to banner' >&2; printf 'banner 3.1.4'");
        machine.file("Cellar/rg/14.1.0/bin/rg", "#!/bin/sh\nprintf 'ripgrep 14.1.0\\n'; printf banner >&2\n");
        machine.mode("Cellar/rg/14.1.0/bin/rg", 0o755);
    }
    let link = |machine: &Machine, folder: &std::path::Path| {
        std::os::unix::fs::symlink(machine.home_within().join("Cellar/rg/14.1.0/bin/rg"), folder.join("rg")).unwrap();
    };
    link(&laptop, &laptop.tools());
    link(&host.machine, &host.machine.tools());
    host.machine.says("only-here", "only-here 1.23.1");
    let rest = "[tools]\nnode = \"exact\"\njava = \"exact\"\nrg = \"exact\"\nonly-here = \"exact\"\nbanner = \"exact\"\ngit = \"present\"\n";
    let project = project(&laptop, host, rest);
    project.capture();
    let report = project.check(&["host"], 1);
    assert_eq!(report.amiss("host"), ["tool:only-here drift extra"]);
    for (name, version) in
        [("node", "22.11.0"), ("java", "21.0.4"), ("rg", "14.1.0"), ("banner", "3.1.4"), ("only-here", "1.23.1")]
    {
        assert_eq!(text(&report, &format!("tool:{name}"), "got"), version);
    }
    let tools = host.machine.tools_within();
    let node = format!("{}", tools.join("node").display());
    assert!(text(&report, "tool:node", "detail").starts_with(&node), "{}", text(&report, "tool:node", "detail"));
    let rg = host.machine.home_within().join("Cellar/rg/14.1.0/bin/rg");
    let detail = text(&report, "tool:rg", "detail");
    assert!(detail.contains(&rg.display().to_string()), "{detail}");
    if host.kind == Kind::Mac {
        assert_eq!(text(&report, "tool:git", "got"), "2.39.5");
        assert!(
            text(&report, "tool:git", "detail").starts_with("/usr/bin/git"),
            "{}",
            text(&report, "tool:git", "detail")
        );
    }
}

/// Files, modes, links, globs, trees, keys: what is told of each is what is there.
fn tells_dotfiles_as_they_are(host: &Host) {
    let laptop = Machine::local();
    let furnish = |machine: &Machine| {
        for (name, content) in FILES {
            machine.file(&format!(".set/{name}"), content);
        }
        machine.mode(".set/private", 0o600).mode(".set/script", 0o755).mode(".set/odd", 0o4711);
        machine.file(".one", "one").mode(".one", 0o640).link(".link", ".one").link(".lost", "no where");
        machine.link(".set/inner", "../.one").link(".set/-l", "-x");
        machine.file(".set/two\nlines", "two").link(".set/links\ntoo", "no\nwhere");
        machine.file(".glob/a.conf", "a").file(".glob/b c.conf", "b").file(".glob/other", "o");
        machine.file(".k.json", "{\"b\": 1, \"a\": \"ü\"}\n").mode(".k.json", 0o644);
    };
    furnish(&laptop);
    furnish(&host.machine);
    let rest = "[dotfiles]\nfiles = [\".set\", \".one\", \".link\", \".lost\", \".glob/*.conf\", \".not-there\"]\n\
                \".k.json\" = { compare = \"keys\" }\n";
    let project = project(&laptop, host, rest);
    project.capture();
    let report = project.check(&["host"], 0);
    let ids = report.ids("host");
    for (name, content) in FILES {
        let id = format!("dotfile:.set/{name}");
        assert!(ids.contains(&id.as_str()), "{id} is not among {ids:?}");
        let mode = match name {
            "private" => "0600",
            "script" => "0755",
            "odd" => "4711",
            _ => "0644",
        };
        let got = text(&report, &id, "got");
        assert!(got.contains(mode) && got.contains(&sha256(content)), "{id} is told to be {got}");
    }
    assert!(text(&report, "dotfile:.set/two\nlines", "got").contains(&sha256("two")));
    // Every kind of difference is seen.
    let machine = &host.machine;
    machine.file(".set/two\nlines", "three");
    machine.file(".set/empty", "\n").mode(".set/script", 0o644).file(".set/more", "").file(".glob/new.conf", "");
    machine.mode(".set/odd", 0o711).file(".k.json", "{\"b\": 2, \"a\": \"ü\"}\n");
    fs::remove_file(machine.at(".lost")).unwrap();
    machine.link(".lost", "else where");
    fs::remove_file(machine.at(".set/it's")).unwrap();
    let amiss = [
        ".glob/new.conf drift extra",
        ".k.json drift changed",
        ".lost drift changed",
        ".set/empty drift changed",
        ".set/it's drift missing",
        ".set/more drift extra",
        ".set/odd drift changed",
        ".set/script drift changed",
        ".set/two\nlines drift changed",
    ];
    assert_eq!(project.check(&["host"], 1).amiss("host"), amiss.map(|one| format!("dotfile:{one}")));
}

/// What lies behind links is what they lead to, with its mode; a link to a folder is looked into where a glob says so; and
/// what is neither file nor folder is told by its type.
fn follows_links_to_their_ends(host: &Host) {
    let laptop = Machine::local();
    let fifo = |machine: &Machine, name: &str| {
        assert!(Command::new("mkfifo").arg(machine.at(name)).status().unwrap().success());
    };
    let furnish = |machine: &Machine| {
        machine
            .file("kept/rc", "rc")
            .mode("kept/rc", 0o644)
            .file("kept/nvim/lua/a b.lua", "lua")
            .link(".rc", "kept/rc");
        machine.link(".nvim", "kept/nvim").link(".named", "kept/rc").link(".null", "/dev/null");
        machine.file(".s.json", "{}").mode(".s.json", 0o600).link(".k.json", ".s.json");
        fifo(machine, ".pipe");
    };
    furnish(&laptop);
    furnish(&host.machine);
    laptop.mode("kept/rc", 0o600);
    let rest = "[dotfiles]\nfiles = [\".rc\", \".nvim\", \".nvim/**\", \".null\", \".pipe\"]\n\
                \".named\" = { mode = \"0640\" }\n\".k.json\" = { compare = \"keys\", mode = \"0600\" }\n";
    let project = project(&laptop, host, rest);
    project.capture();
    let machine = &host.machine;
    let report = project.check(&["host"], 1);
    assert_eq!(report.amiss("host"), ["dotfile:.named drift changed", "dotfile:.rc drift changed"]);
    assert_eq!(text(&report, "dotfile:.rc", "reason"), "what it leads to has mode 0644, 0600 on the reference");
    assert_eq!(text(&report, "dotfile:.named", "want"), format!("link to kept/rc, sha256:{}, 0640", sha256("rc")));
    machine.mode("kept/rc", 0o640);
    assert_eq!(project.check(&["host"], 1).amiss("host"), ["dotfile:.rc drift changed"]);
    machine.mode("kept/rc", 0o600);
    let report = project.check(&["host"], 1);
    assert_eq!(report.amiss("host"), ["dotfile:.named drift changed"]);
    assert_eq!(text(&report, "dotfile:.nvim/lua/a b.lua", "state"), "match");
    assert_eq!(text(&report, "dotfile:.nvim", "reason"), "as on the reference");
    assert_eq!(text(&report, "dotfile:.null", "got"), "link to /dev/null, a character device");
    assert_eq!(text(&report, "dotfile:.pipe", "got"), "a FIFO");
    machine.file("kept/nvim/lua/a b.lua", "other").file("kept/nvim/more", "").mode(".s.json", 0o644);
    for name in [".null", ".pipe"] {
        fs::remove_file(machine.at(name)).unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(machine.at(".pipe")).unwrap();
    fifo(machine, "p");
    machine.link(".null", "p");
    let amiss = [".k.json", ".named", ".null", ".nvim/lua/a b.lua", ".nvim/more", ".pipe"];
    let amiss =
        amiss.map(|name| format!("dotfile:{name} drift {}", if name == ".nvim/more" { "extra" } else { "changed" }));
    let report = project.check(&["host"], 1);
    assert_eq!(report.amiss("host"), amiss);
    assert_eq!(text(&report, "dotfile:.pipe", "reason"), "it is a socket, the reference has a FIFO");
}

/// A file that takes too long to read is unknown, and those beside it are told.
fn reads_no_huge_file_to_its_end(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    for name in [".a", ".b", ".c", ".large", ".link"] {
        laptop.file(name, "x");
    }
    machine.file(".a", "x").file(".b", "y").link(".c", ".huge").file(".large", vec![b'x'; (16 << 20) + 1]);
    machine.link(".link", ".large");
    fs::File::create(machine.at(".huge")).unwrap().set_len(200 << 30).unwrap();
    laptop.file(".huge", "x");
    let files = "files = [\".huge\", \".a\", \".b\", \".c\", \".large\", \".link\"]";
    let project = project(&laptop, host, &format!("[limits]\nprobe = \"9s\"\n[dotfiles]\n{files}\n"));
    project.capture();
    let report = project.check(&["host"], 3);
    let amiss = [".b drift changed", ".c unknown -", ".huge unknown -", ".large drift changed", ".link drift changed"];
    assert_eq!(report.amiss("host"), amiss.map(|one| format!("dotfile:{one}")));
    assert_eq!(text(&report, "dotfile:.huge", "reason"), "reading it took longer than 6 s");
    assert_eq!(text(&report, "dotfile:.c", "reason"), "reading what it leads to took longer than 6 s");
    assert!(text(&report, "dotfile:.large", "got").contains(&sha256(vec![b'x'; (16 << 20) + 1])));
    machine.falls_silent(Duration::from_secs(3));
}

/// Contents and names that some way of asking would spoil.
const FILES: [(&str, &[u8]); 20] = [
    ("empty", b""),
    ("newlines", b"a\n\n\n"),
    ("no-newline", b"a\nb"),
    ("binary", b"\x00\x01\xff\xfe%s\\\x7f\n\x00"),
    ("crlf", b"a\r\nb\r\n"),
    ("private", b"p"),
    ("script", b"#!/bin/sh\n"),
    ("odd", b"o"),
    ("a b", b"blank"),
    ("-rf", b"option"),
    ("--", b"end"),
    ("it's", b"quote"),
    ("$(touch touched)", b"shell"),
    ("na\u{ef}ve-\u{65e5}\u{672c}", b"utf-8"),
    ("*", b"glob"),
    ("%s", b"format"),
    ("a\\b", b"backslash"),
    (" lead", b"lead"),
    ("trail ", b"trail"),
    ("deep/er/still", b"deep"),
];

/// Variables of the login shell, by digest.
fn compares_variables_by_digest(host: &Host) {
    let laptop = Machine::local();
    let same = "export SAME='two\nlines with \\ '\\''quotes'\\'' and $(echo no) é'";
    laptop.file(".profile", format!("{same}\nexport MODE=production-7531 GONE=here EMPTY= API_TOKEN=hunter-24680\n"));
    host.start_up(same);
    host.start_up("export MODE=development-7531 API_TOKEN=other-24680 EMPTY=; INNER=1");
    let rest = "[env]\nSAME = \"exact\"\nMODE = \"exact\"\nGONE = \"exact\"\nEMPTY = \"exact\"\nINNER = \"exact\"\n\
                API_TOKEN = \"present\"\n";
    let project = project(&laptop, host, rest);
    project.capture();
    let report = project.check(&["host"], 1);
    assert_eq!(report.amiss("host"), ["env:GONE drift missing", "env:MODE drift changed"]);
    let digest = |value: &str| format!("sha256:{}", sha256(value));
    assert_eq!(text(&report, "env:MODE", "got"), digest("development-7531"));
    assert_eq!(text(&report, "env:SAME", "got"), digest("two\nlines with \\ 'quotes' and $(echo no) é"));
    assert!(!report.0.to_string().contains("7531") && !report.0.to_string().contains("24680"), "a value is shown");
}

/// Remotes, settings, hooks, pins and the state of a working copy.
fn looks_into_repositories(host: &Host) {
    let laptop = Machine::local();
    for machine in [&laptop, &host.machine] {
        machine.repo("my shop").hook("my shop", "pre-commit", "exit 0").file("my shop/.nvmrc", "v22.11.0\n");
        machine.git(&["config", "--global", "user.name", "Jane"]);
        machine.git(&["config", "--global", "user.email", "jane@example.com"]);
        machine.says("node", "v22.11.0");
    }
    let project = project(&laptop, host, "[repos.shop]\npath = \"~/my shop\"\n");
    project.capture();
    let report = project.check(&["host"], 0);
    for id in ["repo:shop", "hook:shop/pre-commit", "pin:shop/node", "git:shop/core.bare"] {
        assert_eq!(report.finding("host", id)["state"], "match", "{id}");
    }
    let machine = &host.machine;
    machine.file("my shop/README", "changed\n").file("my shop/new", "").hook("my shop", "pre-commit", "exit 1");
    machine.hook("my shop", "pre-push", "exit 0").says("node", "v20.10.0");
    machine.git(&["-C", "my shop", "config", "core.autocrlf", "true"]);
    machine.git(&["-C", "my shop", "remote", "set-url", "origin", "https://github.com/example/other"]);
    let report = project.check(&["host"], 1);
    let mut amiss = report.amiss("host");
    amiss.sort();
    let wanted = [
        "git:shop/core.autocrlf drift extra",
        "hook:shop/pre-commit drift changed",
        "hook:shop/pre-commit@worktree drift changed",
        "hook:shop/pre-push drift extra",
        "hook:shop/pre-push@worktree drift extra",
        "pin:shop/node drift changed",
        "repo:shop drift changed",
    ];
    assert_eq!(amiss, wanted);
    let shown = report.target("host")["shown"].to_string();
    for part in ["1 changed, 2 untracked", "Jane <jane@example.com>"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}

/// What its package manager has installed, whichever that is.
fn lists_packages(host: &Host) {
    let laptop = Machine::local();
    let rest = "[packages]\nshell = { policy = \"present\", apt = \"bash\", apk = \"busybox\", brew = \"jq\" }\n\
                gone = { policy = \"present\", apt = \"dash\", apk = \"no-such\", brew = \"no-such\" }\n";
    let project = project(&laptop, host, rest);
    project.capture();
    if host.kind == Kind::Debian {
        assert_eq!(project.check(&["host"], 0).ids("host"), ["package:apt/bash", "package:apt/dash"]);
    } else {
        let manager = host.by_kind("apt", "apk", "brew");
        let report = project.check(&["host"], 1);
        assert_eq!(report.amiss("host"), [format!("package:{manager}/no-such drift missing")]);
        let version = host.by_kind("", "1.36.1-r29", "1.7.1");
        let id = host.by_kind("", "package:apk/busybox", "package:brew/jq");
        assert_eq!(text(&report, id, "got"), version);
    }
    // Held by itself, all that it has is there, and another system's managers are not.
    let rest = "[packages]\napt = [\"bash\"]\napk = \"all\"\nbrew = \"all\"\ncask = \"all\"\ntap = \"all\"\n";
    project
        .spec(&spec_of(&[("host", &host.machine), ("laptop", &laptop)], rest).replace("login = false", "login = true"));
    project.capture();
    let report = project.check(&["host"], 0);
    let ids = report.ids("host");
    let told: &[&str] = host.by_kind(
        &["package:apt/bash"],
        &["package:apk/busybox", "package:apk/jq", "package:apk/musl", "package:apt/bash"],
        &[
            "package:apt/bash",
            "package:brew/bird",
            "package:brew/ca-certificates",
            "package:brew/cmake",
            "package:brew/fd",
            "package:brew/httpie",
            "package:brew/imagemagick",
            "package:brew/jq",
            "package:brew/khd",
            "package:brew/macvim",
            "package:brew/mg",
            "package:brew/neovim",
            "package:brew/node",
            "package:brew/openssl@3",
            "package:brew/python@3.9",
            "package:brew/ripgrep",
            "package:brew/swiftlint",
            "package:brew/tmux",
            "package:brew/vit",
            "package:brew/warden",
            "package:brew/x264",
            "package:cask/aerospace",
            "package:cask/docker-desktop",
            "package:cask/google-cloud-sdk",
            "package:cask/java8",
            "package:cask/mitmproxy",
            "package:cask/openzfs",
            "package:cask/puppet-agent",
            "package:tap/jesseduffield/lazygit",
            "package:tap/koekeishiya/formulae",
            "package:tap/nikitabobko/tap",
            "package:tap/nissy/mg",
            "package:tap/steipete/tap",
            "package:tap/wardenenv/warden",
        ],
    );
    assert_eq!(ids, told);
    if host.kind == Kind::Mac {
        for (id, version) in [
            ("brew/node", "26.3.0"),
            ("brew/neovim", "HEAD-228fe50_1"),
            ("brew/openssl@3", "3.1.1_1"),
            ("brew/macvim", "8.0-127"),
            ("brew/ca-certificates", "2026-05-14"),
            ("brew/x264", "r3222"),
            ("cask/docker-desktop", "4.40.0,187762"),
            ("cask/google-cloud-sdk", "latest"),
            ("cask/java8", "1.8.0_181-b13,96a7b8442fe848ef90c96a2fad6ed6d1"),
            ("tap/jesseduffield/lazygit", "github.com/jesseduffield/homebrew-lazygit"),
        ] {
            assert_eq!(text(&report, &format!("package:{id}"), "got"), version);
        }
        // By the tap that each receipt names, in whichever way, and by the name that a cask had before.
        let rest = "[packages]\ncask = [\"docker\"]\nbrew = [\"koekeishiya/formulae/khd\", \"nissy/mg/mg\", \
                    \"steipete/tap/bird\", \"homebrew/core/vit\", \"homebrew/core/bird\"]\n";
        let spec = spec_of(&[("host", &host.machine), ("laptop", &laptop)], rest);
        project.spec(&spec.replace("login = false", "login = true"));
        project.capture();
        let report = project.check(&["host"], 0);
        for (id, version) in [
            ("brew/koekeishiya/formulae/khd", "3.0.0"),
            ("brew/nissy/mg/mg", "1.0.7"),
            ("brew/steipete/tap/bird", "0.8.0"),
            ("brew/homebrew/core/vit", "1.2"),
            ("cask/docker", "4.40.0,187762"),
        ] {
            assert_eq!(text(&report, &format!("package:{id}"), "got"), version);
        }
        assert!(report.finding("host", "package:brew/homebrew/core/bird")["got"].is_null());
    }
}

/// A tool that hangs, with children that left it, one that prints without end, one that leaves a daemon behind.
fn keeps_its_limits(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    let own = host.by_kind("setsid", "setsid", "perl -MPOSIX -e 'POSIX::setsid(); exec @ARGV'");
    machine.says("quick", "quick 1.0").says("zlast", "zlast 2.0");
    machine.tool("stuck", &format!("trap '' TERM INT HUP\nsleep 61 &\n({own} sleep 62 &)\nwhile :; do sleep 1; done"));
    machine.tool("flood", "yes 1.2.3 | head -c 100000000");
    machine.tool("daemon", &format!("({own} sleep 63 </dev/null >/dev/null 2>&1 3>&- &)\necho daemon 3.0"));
    machine.tool("reads", "cat; echo reads 4.0");
    let rest = "[limits]\nprobe = \"3s\"\n[tools]\nquick = \"exact\"\nstuck = \"exact\"\nflood = \"exact\"\n\
                daemon = \"exact\"\nreads = \"exact\"\nzlast = \"exact\"";
    let project = project(&laptop, host, rest);
    let start = Instant::now();
    let report = project.check(&["host"], 3);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "one hanging tool delayed the audit to {took:?}");
    for (name, version) in [("quick", "1.0"), ("zlast", "2.0"), ("daemon", "3.0"), ("reads", "4.0")] {
        assert_eq!(text(&report, &format!("tool:{name}"), "got"), version);
    }
    assert_eq!(text(&report, "tool:stuck", "reason"), "did not answer within 3 s");
    assert_eq!(text(&report, "tool:flood", "reason"), "printed more than 262144 bytes");
    machine.falls_silent(Duration::from_secs(3));
}

/// Whoever asked is gone, and nothing goes on for them.
fn ends_with_whoever_asked(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    machine.tool("stuck", "echo x >>\"$HOME/started\"\n(sleep 70 >/dev/null 2>&1 &)\nsleep 71");
    let project = project(&laptop, host, "[tools]\nstuck = \"exact\"\n[limits]\nprobe = \"50s\"");
    let mut check = project.trueup(&["check", "host"]).start();
    machine.shows("started");
    check.kill().unwrap();
    check.wait().unwrap();
    machine.falls_silent(Duration::from_secs(8));
}

/// What asks for everything.
const ALL: &str = "[tools]\ngit = \"present\"\nnode = \"exact\"\n[dotfiles]\nfiles = [\".zshrc\", \".config/**\"]\n\
     \".k.json\" = { compare = \"keys\" }\n[env]\nMODE = \"exact\"\n[repos.shop]\npath = \"~/shop\"\n\
     [packages]\nshell = { policy = \"present\", apt = \"bash\", apk = \"busybox\", brew = \"jq\" }\n";

/// A machine for `ALL`.
fn furnish(machine: &Machine) {
    machine.says("node", "v22.11.0").repo("shop").hook("shop", "pre-commit", "exit 0");
    machine.file(".zshrc", "x\n").file(".config/a/b", "y\n").file(".k.json", "{\"a\": \"ü\"}\n");
}

/// Looking writes nothing at all: of a root of its own, everywhere.
fn is_left_as_it_was(host: &Host) {
    let laptop = Machine::local();
    furnish(&laptop);
    furnish(&host.machine);
    laptop.file(".profile", "export MODE=one\n");
    host.start_up("export MODE=one");
    // A file that git would refresh the index for, if it were let.
    host.machine.file("shop/README", "hello\n");
    let project = project(&laptop, host, ALL);
    project.capture();
    let before = host.listing();
    project.check(&["host"], 0);
    project.trueup(&["plan", "host"]).stdout("host  nothing to do\n").exits(0);
    let after = host.listing();
    for (path, about) in &after {
        assert_eq!(before.get(path), Some(about), "{path} was written or touched");
    }
    assert_eq!(before.len(), after.len(), "something is gone");
    host.machine.falls_silent(Duration::from_secs(2));
}

/// The home, but for trueup's own backups and what makes the host what it is.
fn home(machine: &Machine) -> std::collections::BTreeMap<String, (u32, Vec<u8>)> {
    let mut found = contents(&machine.home());
    found.retain(|name, _| {
        !name.is_empty() && ![".local", ".profile", ".zprofile"].iter().any(|own| name.starts_with(own))
    });
    found
}

/// Apply brings it true, byte for byte; a second one has nothing to do; rollback brings back what was there.
fn is_brought_true_and_back(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    for (name, content) in FILES {
        laptop.file(&format!(".set/{name}"), content);
    }
    laptop.mode(".set/private", 0o600).mode(".set/script", 0o755).mode(".set/odd", 0o4711);
    laptop.file(".set/long", vec![b'x'; 300_000]).link(".set/-l", "-x").link(".linked", ".set").file(".had", "new\n");
    for one in [&laptop, machine] {
        one.repo("shop");
    }
    laptop.git(&["-C", "shop", "config", "core.hooksPath", "it's new"]);
    laptop.git(&["-C", "shop", "config", "alias.up", "!echo \"$1\""]);
    machine.git(&["-C", "shop", "config", "core.hooksPath", "old"]);
    machine.file(".had", "old").mode(".had", 0o600).link(".set/trail ", "no where").file(".set/extra", "extra");
    let rest = "[dotfiles]\nfiles = [\".set\", \".linked\", \".had\"]\n[repos.shop]\npath = \"~/shop\"\n";
    let project = project(&laptop, host, rest);
    let before = home(machine);
    project.capture();
    project.trueup(&["apply", "host", "--yes", "--prune"]).any_stdout().any_stderr().exits(0);
    project.check(&["host"], 0);
    project.trueup(&["plan", "host"]).stdout("host  nothing to do\n").exits(0);
    let without_repo = |machine: &Machine| {
        let mut found = home(machine);
        found.retain(|name, _| !name.starts_with("shop"));
        found
    };
    assert_eq!(without_repo(machine), without_repo(&laptop));
    assert!(!machine.at("touched").exists(), "a name was run");
    project.trueup(&["rollback", "host", "--yes"]).any_stdout().exits(0);
    assert_eq!(home(machine), before);
    assert_eq!(machine.leftovers(), NOTHING);
}

/// What was done after the apply outlives its rollback.
fn keeps_later_work(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    for one in [&laptop, machine] {
        one.repo("shop");
    }
    laptop.file(".had", "applied").file(".new", "applied").file(".dir/deep", "applied");
    laptop.git(&["-C", "shop", "config", "core.hooksPath", ".hooks"]);
    machine.file(".had", "old").git(&["-C", "shop", "config", "core.hooksPath", "it's old"]);
    let rest = "[dotfiles]\nfiles = [\".had\", \".new\", \".dir\"]\n[repos.shop]\npath = \"~/shop\"\n";
    let project = project(&laptop, host, rest);
    project.capture().apply("host");
    machine.file(".had", "later 1").file(".dir/own", "later 2");
    machine.git(&["-C", "shop", "config", "user.name", "later 3"]);
    let ran = project.trueup(&["rollback", "host", "--yes"]).any_stdout().exits(0);
    assert!(ran.stdout.contains("only core.hooksPath was put back"), "{}", ran.stdout);
    assert_eq!((machine.read(".had"), machine.read(".dir/own")), ("old".to_owned(), "later 2".to_owned()));
    assert!(!machine.at(".new").exists() && !machine.at(".dir/deep").exists());
    let config = machine.read("shop/.git/config");
    assert!(config.contains("name = later 3") && config.contains("hooksPath = it's old"), "{config}");
    let kept = contents(&machine.at(".local/state/trueup/generations"));
    assert!(kept.values().any(|(_, content)| content == b"later 1"), "later work is lost");
    assert_eq!(machine.leftovers(), NOTHING);
}

/// A template is rendered with the host's own facts.
fn gets_its_own_rendering_of_a_template(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    let spec = "[dotfiles]\nsource = \"dots\"\nfiles = [\".own\"]\n";
    let project = project(&laptop, host, spec);
    project.write("dots/.own.tera", "{{ target }} {{ os }} {{ home }}\n");
    laptop.file(".own", format!("laptop linux {}\n", laptop.home().display()));
    project.capture();
    assert_eq!(project.check(&["host"], 1).amiss("host"), ["dotfile:.own drift missing"]);
    project.apply("host").check(&["host"], 0);
    let os = host.by_kind("linux", "linux", "macos");
    assert_eq!(machine.read(".own"), format!("host {os} {}\n", machine.home_within().display()));
}

/// Attested, it may run work under the guard; spoilt, it may not.
fn runs_work_once_it_is_attested(host: &Host) {
    let (laptop, machine) = (Machine::local(), &host.machine);
    furnish(&laptop);
    furnish(machine);
    laptop.file(".profile", "export MODE=one\n");
    host.start_up("export MODE=one");
    let project = project(&laptop, host, ALL);
    project.capture();
    project.trueup(&["attest", "host", "--out", "host.att.json"]).stdout_has("attested host as number ").exits(0);
    project.trueup(&["verify", "host.att.json"]).stdout_has("host of dev\n").exits(0);
    project.trueup(&["gate", "host"]).stdout_has("host  allow\n").exits(0);
    let sh = |script: &str| project.trueup(&["run", "host", "--", "sh", "-c", script]);
    sh("pwd; echo \"$MODE\"; cat; echo err >&2; printf 'no newline'; exit 7")
        .stdout(&format!("{}\none\nno newline", machine.home_within().display()))
        .stderr("err\n")
        .exits(7);
    sh("kill -TERM $$").exits(143);
    project
        .trueup(&["run", "host", "--", "printf", "%s|", "a b", "", "$(touch x)", "'", "*"])
        .stdout("a b||$(touch x)|'|*|")
        .exits(0);
    assert!(!machine.at("x").exists(), "an argument was run");
    // Nobody listens any more: the work ends with all that it started.
    sh("sleep 80 & sleep 81 & echo x >started; wait").killed_at_work(machine);
    machine.falls_silent(Duration::from_secs(10));
    machine.file(".zshrc", "y\n");
    project.trueup(&["run", "host", "--", "touch", "x"]).stderr_has("dotfile:.zshrc  changed").exits(125);
    assert!(!machine.at("x").exists(), "a denied command ran");
}

/// Apple's stand-ins open a dialog on somebody's screen. Whatever would start one is unknown instead, and nothing else is. It
/// was found that every question about a repository started git's. This Mac is so old that its readlink knows no `-f`.
#[test]
#[cfg(target_os = "linux")]
fn on_a_bare_mac_no_dialog_opens() {
    let host = Host::mac(Mac { developer_tools: false, old: true });
    let laptop = Machine::local();
    for machine in [&laptop, &host.machine] {
        furnish(machine);
        machine.file("shop/.python-version", "3\n").file("shop/.pre-commit-config.yaml", "repos: []\n");
        machine.link(".here", ".zshrc").says("python3", "Python 3.12.4").says("clang", "clang version 19.1.0");
    }
    host.machine.without("python3").without("clang");
    let rest = "[tools]\ngit = \"present\"\npython3 = \"present\"\nclang = \"present\"\nnode = \"exact\"\n\
                [dotfiles]\nfiles = [\".zshrc\", \".here\"]\n[repos.shop]\npath = \"~/shop\"\n";
    let project = project(&laptop, &host, rest);
    project.capture();
    let report = project.check(&["host"], 3);
    let stand_in =
        |tool: &str| format!("/usr/bin/{tool} is Apple's stand-in for the developer tools, which are not installed");
    for (id, tool) in [
        ("tool:git", "git"),
        ("tool:python3", "python3"),
        ("tool:clang", "clang"),
        ("repo:shop", "git"),
        ("git:shop/core.bare", "git"),
        ("hook:shop/pre-commit", "git"),
        ("pin:shop/python", "python3"),
    ] {
        assert_eq!(
            (text(&report, id, "state"), text(&report, id, "reason")),
            ("unknown", stand_in(tool).as_str()),
            "{id}"
        );
    }
    for id in ["tool:node", "dotfile:.zshrc", "dotfile:.here"] {
        assert_eq!(text(&report, id, "state"), "match", "{id}");
    }
    project.trueup(&["plan", "host"]).any_stdout().any_stderr().exits(3);
    assert_eq!(host.machine.shape().unwrap().dialogs(), "", "a dialog opened");
    // With git from Homebrew before it, Apple's is none of anybody's business.
    host.machine.tool("git", "exec /.shape/git \"$@\"");
    assert_eq!(text(&project.check(&["host"], 3), "repo:shop", "state"), "match");
    assert_eq!(host.machine.shape().unwrap().dialogs(), "", "a dialog opened");
}

/// Its readlink knows no `-f`: then the next step is told.
#[test]
#[cfg(target_os = "linux")]
fn an_old_mac_follows_links_as_far_as_it_can() {
    let host = Host::mac(Mac { developer_tools: true, old: true });
    host.machine
        .file("Cellar/rg/14.1.0/bin/rg", "#!/bin/sh\necho ripgrep 14.1.0\n")
        .mode("Cellar/rg/14.1.0/bin/rg", 0o755);
    std::os::unix::fs::symlink("/Users/dev/Cellar/rg/14.1.0/bin/rg", host.machine.tools().join("rg")).unwrap();
    host.machine.file(".a", "a").link(".b", ".a");
    let laptop = Machine::local();
    laptop.says("rg", "ripgrep 14.1.0").file(".a", "a").link(".b", ".a");
    let project = project(&laptop, &host, "[tools]\nrg = \"exact\"\n[dotfiles]\nfiles = [\".a\", \".b\"]\n");
    project.capture();
    let report = project.check(&["host"], 0);
    let detail = text(&report, "tool:rg", "detail");
    assert!(detail.contains("/Users/dev/Cellar/rg/14.1.0/bin/rg"), "{detail}");
}

macro_rules! on_every_shape {
    ($($test:ident)*) => {
        #[cfg(target_os = "linux")]
        mod debian {
            $(#[test]
            fn $test() {
                super::$test(&super::Host::new(super::Kind::Debian));
            })*
        }
        #[cfg(target_os = "linux")]
        mod busybox {
            $(#[test]
            fn $test() {
                super::$test(&super::Host::new(super::Kind::Busybox));
            })*
        }
        #[cfg(target_os = "linux")]
        mod mac {
            $(#[test]
            fn $test() {
                super::$test(&super::Host::new(super::Kind::Mac));
            })*
        }
    };
}

on_every_shape! {
    says_who_it_is
    finds_tools_where_they_are
    tells_dotfiles_as_they_are
    follows_links_to_their_ends
    reads_no_huge_file_to_its_end
    compares_variables_by_digest
    looks_into_repositories
    lists_packages
    keeps_its_limits
    ends_with_whoever_asked
    is_left_as_it_was
    is_brought_true_and_back
    keeps_later_work
    gets_its_own_rendering_of_a_template
    runs_work_once_it_is_attested
}
