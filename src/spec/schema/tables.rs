//! Every table and key of the spec, described once. Adding a key to the reader is a line here too; the test beside says so.

use super::super::secret_ref::SecretRef;
use super::{Holds, Key, Need, Table};

/// A key that may be left out.
const fn key(name: &'static str, doc: &'static str, holds: Holds) -> Key {
    Key { name, doc, holds, need: Need::Optional, default: "", kinds: &[] }
}

impl Key {
    const fn required(mut self) -> Self {
        self.need = Need::Required;
        self
    }

    const fn default(mut self, json: &'static str) -> Self {
        self.default = json;
        self
    }

    const fn kinds(mut self, kinds: &'static [&'static str]) -> Self {
        self.kinds = kinds;
        self
    }
}

/// Names that are safe in file names, ids and command lines.
const PLAIN_NAME: &str = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$";

/// How strictly a thing is held.
pub(super) const POLICIES: &[(&str, &str)] = &[
    ("exact", "the same version as on the reference"),
    ("major", "the same first number"),
    ("minor", "the same first and second number"),
    ("present", "there, whatever its version"),
];

/// Keys of `[dotfiles]` that are paths.
pub(super) const PATH: &str = "^[.~]|/";

/// A text that says something, on one line.
const ONE_LINE: &str = r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f]+$";

const SYSTEMS: Holds = Holds::Word(&[("linux", "Linux of any kind"), ("macos", "macOS")]);

const OVER_SSH: &[&str] = &["mac", "vm"];

pub(super) const ROOT: Table = Table {
    doc: "What must be the same on which machines, how strictly, and on which machine the truth is captured.",
    keys: &[
        key("version", "The version of this format.", Holds::FormatVersion).default("1"),
        key(
            "name",
            "The environment's name, in reports and attestations.",
            Holds::Like(PLAIN_NAME, &["carmenta", "agents"]),
        )
        .required(),
        key(
            "reference",
            "The machine that defines the truth: \"local\" for the one you sit at, or a target's name. Its facts are \
             captured by `trueup capture`.",
            Holds::Text,
        )
        .default("\"local\""),
        key(
            "targets",
            "The machines to hold true, each under the name that the command line uses.",
            Holds::Named { like: PLAIN_NAME, each: &Holds::Of(&TARGET) },
        ),
        key("shell", "How agents run commands on a target: facts are observed in that way.", Holds::Of(&SHELL)),
        key("limits", "How long an audit may take.", Holds::Of(&LIMITS)),
        key(
            "tools",
            "Commands on PATH and how strictly their versions are held. The version itself comes from the lock.",
            Holds::Named { like: r"^[^\-/\s\x00-\x1f\x7f-\x9f][^/\s\x00-\x1f\x7f-\x9f]*$", each: &TOOL },
        ),
        key("system", "Facts about the machine as a whole.", Holds::SystemFacts(&Holds::Of(&SYSTEM_ITEM))),
        key(
            "env",
            "Variables of agents' commands. Values never stand in a spec or a lock: a digest does.",
            Holds::Named { like: "^[A-Za-z_][A-Za-z0-9_]*$", each: &ENV },
        ),
        key(
            "packages",
            "What package managers have installed: under a manager's name its packages; any other key is one package, \
             with its name in each manager.",
            PACKAGES,
        ),
        key(
            "dotfiles",
            "Files, folders and globs in the home that must be the same. A key that contains `/` or starts with `.` or `~` \
             is a path, and says more about it.",
            Holds::WithPaths(&DOTFILES, &DOTFILE),
        ),
        key(
            "repos",
            "Working copies: their remotes, git settings and hooks are held.",
            Holds::Named { like: r"^[^/:\x00-\x1f\x7f-\x9f]+$", each: &Holds::Of(&REPO) },
        ),
        key(
            "services",
            "Programs that are kept running. Where the table is there, a unit of trueup's for anything else is extra.",
            Holds::Named { like: PLAIN_NAME, each: &Holds::Of(&SERVICE) },
        ),
        key(
            "settings",
            "What machines are set to. Time zone, name, locale and limits stand in [system].",
            Holds::Of(&SETTINGS),
        ),
        key("gate", "When work is allowed on a machine.", Holds::Of(&GATE)),
        key(
            "waivers",
            "Drifts that somebody accepted, each for a reason. `trueup waive` writes them.",
            Holds::ListOfTables(&WAIVER),
        ),
    ],
};

pub(super) const TARGET: Table = Table {
    doc: "A machine to hold true.",
    keys: &[
        key(
            "kind",
            "What sort of machine it is.",
            Holds::Word(&[
                ("mac", "a Mac, over SSH"),
                ("vm", "a virtual or real Linux machine, over SSH"),
                ("devcontainer", "the devcontainer of a folder on this machine"),
                ("local", "this machine, or a home of its own on it"),
            ]),
        )
        .required(),
        key(
            "ssh",
            "Where it is: user@host, user@host:port, user@[ipv6]:port, or a Host of ~/.ssh/config.",
            Holds::Like(r"^[^\s-]\S*$", &["dev@vm.example.com", "dev@mini.local:2222"]),
        )
        .required()
        .kinds(OVER_SSH),
        key("identity", "A key file to use before all others.", Holds::Text).kinds(OVER_SSH),
        key("home", "Replaces HOME in trueup's own environment.", Holds::Text).kinds(&["local"]),
        key(
            "path",
            "Replaces PATH in trueup's own environment: one text with colons, or a list of folders.",
            Holds::ListOf(&Holds::Text),
        )
        .kinds(&["local"]),
        key("workspace", "The folder that holds the devcontainer's configuration.", Holds::Text)
            .default("\".\"")
            .kinds(&["devcontainer"]),
        key("container", "The container by its name, where not its devcontainer folder finds it.", Holds::Text)
            .kinds(&["devcontainer"]),
        key("engine", "The program that runs the container.", Holds::Like("", &["docker", "podman"]))
            .kinds(&["devcontainer"]),
        key(
            "image",
            "The image that a rendered devcontainer begins with.",
            Holds::Like(
                "^[A-Za-z0-9_.:/@+][A-Za-z0-9_.:/@+-]*$",
                &["debian:12", "mcr.microsoft.com/devcontainers/base:bookworm"],
            ),
        )
        .kinds(&["devcontainer"]),
        key(
            "create",
            "A command and its arguments that make the machine, run here; its stdout is JSON with `host`, and if need be `port`, \
             `user` and `host_key`.",
            Holds::ListOf(&Holds::Text),
        )
        .kinds(&["vm"]),
        key("destroy", "A command and its arguments that end it, for `trueup rollback --destroy`.", Holds::ListOf(&Holds::Text))
            .kinds(&["vm"]),
        key("user", "Who works in a rendered devcontainer.", Holds::Like("^[a-z_][a-z0-9_-]{0,31}$", &["dev"]))
            .default("\"dev\"")
            .kinds(&["devcontainer"]),
        key("labels", "Free words that tasks may ask for.", Holds::ListOf(&Holds::Text)),
    ],
};

pub(super) const SHELL: Table = Table {
    doc: "How agents run commands on a target.",
    keys: &[
        key("login", "Through the user's login shell and its profile.", Holds::Flag).default("true"),
        key("interactive", "As an interactive shell.", Holds::Flag).default("false"),
    ],
};

pub(super) const LIMITS: Table = Table {
    doc: "The time limits of an audit.",
    keys: &[
        key("probe", "For one question to a machine.", Holds::Duration).default("\"10s\""),
        key("connect", "For reaching a machine and logging in.", Holds::Duration).default("\"10s\""),
        key("dump", "For a linter that tells what it would apply.", Holds::Duration).default("\"60s\""),
        key("check", "For one canary or behaviour check.", Holds::Duration).default("\"5m\""),
        key("create", "For making a machine that is not there.", Holds::Duration).default("\"30m\""),
    ],
};

const TOOL: Holds = Holds::Either(&[Holds::Policy, Holds::Of(&TOOL_TABLE)]);

pub(super) const TOOL_TABLE: Table = Table {
    doc: "A command on PATH.",
    keys: &[
        key("policy", "How strictly its version is held.", Holds::Policy).default("\"exact\""),
        key(
            "version",
            "A command line that tells the version, in place of `<tool> --version`.",
            Holds::Like("", &["terraform version"]),
        ),
        key(
            "pattern",
            "A regular expression whose first group is the version.",
            Holds::Like(r"\(", &["Terraform v([0-9.]+)"]),
        ),
        key(
            "install",
            "Which package provides it, by package manager.",
            Holds::ByManager { each: &Holds::PackageName, rest: None },
        ),
        key("only", "Compare it only on these systems.", Holds::ListOf(&SYSTEMS)),
    ],
};

pub(super) const SYSTEM_ITEM: Table = Table {
    doc: "One fact about the machine, held on certain systems alone.",
    keys: &[
        key("policy", "What it is held to: \"exact\", \"present\", a value or a bound.", Holds::Text).required(),
        key("only", "Compare it only on these systems.", Holds::ListOf(&SYSTEMS)),
    ],
};

const VARIABLE_POLICY: Holds = Holds::Word(&[
    ("exact", "the same value as on the reference, compared by its digest"),
    ("present", "set, whatever its value"),
]);

const ENV: Holds = Holds::Either(&[VARIABLE_POLICY, Holds::Of(&VARIABLE)]);

pub(super) const VARIABLE: Table = Table {
    doc: "One variable.",
    keys: &[
        key("policy", "How strictly its value is held. One that looks secret can only be present.", VARIABLE_POLICY),
        key(
            "secret",
            "Where its value is had from: a variable of trueup's own environment, a file, or what a command prints. Never the value itself.",
            Holds::Like(SecretRef::PATTERN, &["env:ANTHROPIC_API_KEY", "file:~/.secrets/key", "cmd:pass show key"]),
        ),
        key("only", "Compare it only on these systems.", Holds::ListOf(&SYSTEMS)),
    ],
};

const PACKAGES: Holds = Holds::ByManager {
    each: &Holds::Either(&[Holds::PackageNames, Holds::Of(&MANAGED)]),
    rest: Some(&Holds::NamesByManager(&MAPPED)),
};

pub(super) const MANAGED: Table = Table {
    doc: "The packages of one manager.",
    keys: &[
        key("policy", "How strictly their versions are held.", Holds::Policy).default("\"exact\""),
        key(
            "names",
            "Which packages; \"all\" stands for all that the reference has, and makes extras drift.",
            Holds::PackageNames,
        )
        .required(),
    ],
};

pub(super) const MAPPED: Table = Table {
    doc: "One package, with its name in each manager.",
    keys: &[key("policy", "How strictly its version is held.", Holds::Policy).default("\"exact\"")],
};

pub(super) const DOTFILES: Table = Table {
    doc: "Files, folders and globs in the home that must be the same.",
    keys: &[
        key(
            "source",
            "The folder that `trueup apply` takes contents from; without one, the reference's own files.",
            Holds::Text,
        ),
        key(
            "files",
            "Paths relative to the home, ~/… or absolute. A folder or glob names the set, so an extra file in it is drift.",
            Holds::ListOf(&Holds::Like(r"[^./~]", &[".zshrc", ".gitconfig", ".config/nvim/**"])),
        ),
        key("keep", "Keep the contents beside the lock, so that `trueup apply` needs no other source.", Holds::Flag)
            .default("false"),
    ],
};

pub(super) const DOTFILE: Table = Table {
    doc: "One path, and how it is held.",
    keys: &[
        key(
            "compare",
            "What of the file counts.",
            Holds::Word(&[("content", "all of it"), ("keys", "the settings that it holds, whatever their order")]),
        )
        .default("\"content\""),
        key(
            "keys",
            "With compare = \"keys\": only these settings count, as paths with dots.",
            Holds::ListOf(&Holds::Text),
        ),
        key(
            "format",
            "With compare = \"keys\": how the file is written, where its name does not tell.",
            Holds::SettingsFormat,
        ),
        key("template", "The file below `source` is a Tera template, rendered for each target.", Holds::Flag)
            .default("false"),
        key("mode", "Its mode in octal digits, instead of the reference's.", Holds::Like("^[0-7]+$", &["0600"])),
        key("only", "Compare it only on these systems.", Holds::ListOf(&SYSTEMS)),
        key("keep", "Keep its content beside the lock, or not, whatever [dotfiles] says.", Holds::Flag),
    ],
};

/// What a state of a working copy may be held to.
const AS_ON_THE_REFERENCE: Holds = Holds::Word(&[("exact", "as on the reference")]);

pub(super) const REPO: Table = Table {
    doc: "A working copy.",
    keys: &[
        key("url", "Where it is cloned from.", Holds::Text),
        key("path", "Where it lies: relative to the home, ~/… or absolute.", Holds::Text).required(),
        key(
            "filter",
            "Which objects a clone leaves out until they are needed: a partial clone, as git's --filter says it.",
            Holds::Like(r"^(blob:none|blob:limit=[0-9]+[kmg]?|tree:[0-9]+)$", &["blob:none"]),
        ),
        key("gates", "Which tools' effective configuration is held.", Holds::AutoOr(&Holds::Gate)).default("\"auto\""),
        key(
            "checks",
            "Which canaries its gates must reject, and which behaviour checks it must stand: built in, or from \
             parity-checks/ beside environments/.",
            Holds::AutoOr(&Holds::Like(PLAIN_NAME, &["lint-error"])),
        )
        .default("\"auto\""),
        key(
            "branch",
            "The branch that is checked out: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "commit",
            "The commit that is checked out: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "default_branch",
            "The branch that the remote names as its default: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "dirty",
            "Whether there are changes that are not committed: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "identity",
            "Who commits there: name and mail address: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "lfs",
            "Whether Git LFS is needed there, and set up: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "signing",
            "Whether and with which key commits are signed: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "stashes",
            "How many stashes there are: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
        key(
            "submodules",
            "The submodules and their commits: shown, and compared only where this is \"exact\".",
            AS_ON_THE_REFERENCE,
        ),
    ],
};

pub(super) const SERVICE: Table = Table {
    doc: "A program that is kept running, by systemd or launchd.",
    keys: &[
        key(
            "run",
            "The command line, on one line, for the shell in which agents' commands run.",
            Holds::Like(ONE_LINE, &["trueup worker"]),
        )
        .required(),
        key("keep_alive", "Start it again whenever it ends.", Holds::Flag).default("true"),
        key(
            "scope",
            "Whose manager keeps it.",
            Holds::Word(&[
                ("user", "the user's own, whether the user is logged in or not"),
                ("system", "the machine's, which needs root"),
            ]),
        )
        .default("\"user\""),
        key(
            "user",
            "As whom a service of the machine runs.",
            Holds::Like(r"^[A-Za-z0-9_.][A-Za-z0-9_.-]*$", &["agents"]),
        )
        .default("\"root\""),
        key(
            "environment",
            "Its variables: each a text, or where a secret is had from, which stands in a file of its own, mode 0600.",
            Holds::Named {
                like: "^[A-Za-z_][A-Za-z0-9_]*$",
                each: &Holds::Either(&[Holds::Text, Holds::Of(&SERVICE_VARIABLE)]),
            },
        ),
        key(
            "working_directory",
            "Where it runs: absolute, or ~/…; the home where nothing is said.",
            Holds::Like(r"^(?:~/|/)[^\x00-\x1f\x7f-\x9f]*$", &["~/src"]),
        ),
        key("restart", "How long after its end it is started again.", Holds::Duration).default("\"10s\""),
        key(
            "logs",
            "At which size its log begins anew. On macOS, by newsyslog; systemd's journal sees to that itself.",
            Holds::Like(r"^[1-9][0-9]{0,9} ?(?:[KMGT]i?)?B$", &["10 MB"]),
        ),
        key("health", "What tells whether it is well: a finding of its own.", Holds::Of(&HEALTH)),
        key("only", "Hold it only on these systems.", Holds::ListOf(&SYSTEMS)),
    ],
};

pub(super) const SETTINGS: Table = Table {
    doc: "What machines are set to.",
    keys: &[
        key(
            "authorized_keys",
            "Who may log in as the user, a line of a .pub file each. Keys that are there beside stay.",
            Holds::ListOf(&Holds::Like(
                r"^(?:ssh-ed25519 |ssh-rsa |ecdsa-sha2-|sk-)[^\x00-\x1f\x7f-\x9f]*$",
                &["ssh-ed25519 AAAA… me@laptop"],
            )),
        ),
        key("sshd", "How one may log in over SSH; what is not said is left to sshd.", Holds::Of(&SSHD)),
        key(
            "pmset",
            "What keeps a Mac awake, by the names that `pmset -g` lists.",
            Holds::Named { like: "^[A-Za-z0-9]+$", each: &Holds::Number },
        ),
        key(
            "defaults",
            "Preferences on a Mac: under a program's identifier its keys.",
            Holds::Named {
                like: r"^[^-\s][^\s]*$",
                each: &Holds::Named {
                    like: r"^[^-\s][^\s]*$",
                    each: &Holds::Either(&[Holds::Flag, Holds::Number, Holds::Text]),
                },
            },
        ),
    ],
};

pub(super) const SSHD: Table = Table {
    doc: "How one may log in over SSH. What would keep out whoever applies it is refused.",
    keys: &[key("passwords", "By a password.", Holds::Flag), key("root_login", "As root.", Holds::Flag)],
};

pub(super) const SERVICE_VARIABLE: Table = Table {
    doc: "A variable of a service that is a secret.",
    keys: &[key(
        "secret",
        "Where its value is had from: a variable of trueup's own environment, a file, or what a command prints. Never the value itself.",
        Holds::Like(SecretRef::PATTERN, &["env:ANTHROPIC_API_KEY", "file:~/.secrets/key", "cmd:pass show key"]),
    )
    .required()],
};

pub(super) const HEALTH: Table = Table {
    doc: "A command that succeeds where a service is well.",
    keys: &[
        key("run", "The command line, for sh.", Holds::Like(ONE_LINE, &["curl -fs http://127.0.0.1:8080/health"]))
            .required(),
        key(
            "limit",
            "How long it may take, and how long after a start the service has until it is well.",
            Holds::Duration,
        )
        .default("\"10s\""),
        key("every", "After a start, from one try to the next.", Holds::Duration).default("\"1s\""),
    ],
};

pub(super) const GATE: Table = Table {
    doc: "When work is allowed on a machine.",
    keys: &[
        key("max_age", "How old an attestation may be.", Holds::Duration).default("\"15m\""),
        key("warn", "Drifts that do not deny, by their finding ids.", Holds::ListOf(&Holds::FindingId)),
    ],
};

pub(super) const WAIVER: Table = Table {
    doc: "A drift that somebody accepted. It never covers what could not be observed.",
    keys: &[
        key("finding", "The finding that it covers, as reports name it.", Holds::FindingId).required(),
        key("targets", "The targets on which it holds; all where none is named.", Holds::ListOf(&Holds::Text)),
        key("because", "Why the drift is accepted.", Holds::Like(r"[^\s\u0085]", &[])).required(),
        key(
            "until",
            "The last day on which it holds, to its end in UTC.",
            Holds::Like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", &["2027-03-01"]),
        ),
        key(
            "got",
            "The value that it was made for: with another one it no longer holds. Absent where nothing was there.",
            Holds::Text,
        ),
        key("any", "It holds whatever is there.", Holds::Flag).default("false"),
    ],
};
