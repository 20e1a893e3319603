use super::*;

fn source(shown: &str, text: &str) -> Source {
    Source { shown: shown.to_owned(), text: text.to_owned(), folder: "/me/.ssh".to_owned() }
}

fn asked(alias: &str) -> Asked<'_> {
    Asked { alias, user: None, local_user: "me" }
}

fn none(_: &str, _: &str) -> Result<Vec<Source>, String> {
    Ok(Vec::new())
}

fn read(text: &str, alias: &str) -> Result<HostConfig, String> {
    resolve(&[source("config", text)], asked(alias), &none)
        .map_err(|problem| format!("{}: {}", problem.place, problem.message))
}

fn refused(text: &str, alias: &str) -> String {
    read(text, alias).unwrap_err()
}

fn user(text: &str) -> Option<String> {
    read(text, "vm").unwrap().user
}

#[test]
fn the_first_value_counts_and_identity_files_add_up() {
    let text = "\
IdentityFile ~/.ssh/all
Host mini
  HostName=mini.local
  user   dev
  Port 2222
  IdentityFile \"~/.ssh/with space\"
Host m* !mac
  User other
  IdentitiesOnly yes
  UserKnownHostsFile ~/.kh1 ~/.kh2 # two of them
Host mac
  User mac
";
    let mini = HostConfig {
        host_name: Some("mini.local".to_owned()),
        user: Some("dev".to_owned()),
        port: Some(2222),
        identity_files: vec!["~/.ssh/all".to_owned(), "~/.ssh/with space".to_owned()],
        identities_only: Some(true),
        known_hosts_files: Some(vec!["~/.kh1".to_owned(), "~/.kh2".to_owned()]),
        ..HostConfig::default()
    };
    assert_eq!(read(text, "mini"), Ok(mini));
    assert_eq!(read(text, "mac").unwrap().user.as_deref(), Some("mac"));
    let all = HostConfig { identity_files: vec!["~/.ssh/all".to_owned()], ..HostConfig::default() };
    assert_eq!(read(text, "vm"), Ok(all));
}

#[test]
fn nothing_says_nothing() {
    assert_eq!(read("", "vm"), Ok(HostConfig::default()));
    let text =
        "# ServerAliveInterval\n\tLogLevel QUIET\nUseKeychain yes\nStrictHostKeyChecking no\nSendEnv LANG LC_*\n";
    assert_eq!(read(text, "vm"), Ok(HostConfig::default()));
}

#[test]
fn what_is_not_supported_is_refused_by_name_where_it_applies() {
    let bind = "Host vm\n  BindAddress 10.0.0.9\n";
    assert_eq!(refused(bind, "vm"), "config:2: BindAddress 10.0.0.9: trueup does not support this yet");
    assert_eq!(read(bind, "mini"), Ok(HostConfig::default()));
    for (text, message) in [
        ("ProxyJmup bastion", "the keyword ProxyJmup is not known"),
        ("Port 70000", "Port 70000 is no port"),
        ("User", "User has no value"),
        ("User a b", "User has more than one value: a b"),
        ("User \"dev", "a quote is not closed"),
        ("IdentitiesOnly maybe", "IdentitiesOnly maybe is neither yes nor no"),
        ("ConnectTimeout soon", "ConnectTimeout soon is no time"),
        ("AddressFamily ipx", "AddressFamily ipx is none of any, inet and inet6"),
        ("Match sometimes", "Match sometimes is not known"),
        ("Match host", "Match host has no value"),
    ] {
        assert_eq!(refused(text, "vm"), format!("config:1: {message}"));
    }
    // An unknown keyword could be a slip in any block, unless the user says otherwise.
    assert_eq!(refused("Host other\nUsr dev", "vm"), "config:2: the keyword Usr is not known");
    assert_eq!(user("IgnoreUnknown us*\nUsr dev\nUser dev").as_deref(), Some("dev"));
}

#[test]
fn proxies_times_and_lists_are_taken() {
    let proxy = |text: &str| read(text, "vm").unwrap().proxy;
    let jump = |hops: &str| Some(ProxyConfig::Jump(hops.to_owned()));
    assert_eq!(proxy("ProxyJump a,b\nProxyCommand nc %h %p"), jump("a,b"));
    assert_eq!(proxy("Host vm\nProxyJump none\nHost *\nProxyJump a"), Some(ProxyConfig::None));
    let command = "ssh -W '%h:%p' \"gate way\" 2>/dev/null";
    assert_eq!(proxy(&format!("ProxyCommand {command}\n")), Some(ProxyConfig::Command(command.to_owned())));
    let text = "ConnectTimeout 1m30s\nServerAliveInterval 5\nServerAliveCountMax 2\nAddressFamily inet\nCiphers -*cbc\n\
                MACs +hmac-sha1\nRequiredRSASize 2048\n";
    let config = read(text, "vm").unwrap();
    assert_eq!((config.connect_limit, config.alive_interval), (Some(secs(90)), Some(secs(5))));
    assert_eq!((config.alive_count, config.family, config.rsa_bits), (Some(2), Some(Family::V4), Some(2048)));
    assert_eq!(config.algorithms, [("ciphers".to_owned(), "-*cbc".to_owned())].into());
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn lists_of_algorithms_leave_some() {
    let all = ["aes128-cbc", "aes256-gcm@openssh.com", "aes128-ctr"];
    assert_eq!(leave("aes128-ctr,new,aes128-cbc", &all), ["aes128-ctr", "aes128-cbc"]);
    assert_eq!(leave("-*cbc", &all), ["aes256-gcm@openssh.com", "aes128-ctr"]);
    assert!(leave("new", &all).is_empty());
}

#[test]
fn match_blocks_apply_by_names() {
    for (text, applies) in [
        ("Match all", true),
        ("Match originalhost v*", true),
        ("Match originalhost=v*", true),
        ("Match !originalhost v*", false),
        ("HostName mini\nMatch host mini", true),
        ("HostName %h.local\nMatch host vm.local", true),
        ("Match user me", true),
        ("Match localuser you", false),
        ("Match host mini,mac exec \"test -f x\"", false),
        ("Match exec \"test -f x\" host mini", false),
        ("Match canonical", false),
        ("Match final all", true),
        ("Match final host mini", false),
    ] {
        assert_eq!(user(&format!("{text}\nUser dev")).is_some(), applies, "{text}");
    }
    let named = Asked { user: Some("ci"), ..asked("vm") };
    let config = resolve(&[source("config", "Match user ci\nPort 23")], named, &none).unwrap();
    assert_eq!(config.port, Some(23));
}

#[test]
fn a_final_block_comes_after_everything_else() {
    assert_eq!(user("Match final all\nUser late\nHost *\nUser early").as_deref(), Some("early"));
}

#[test]
fn a_block_that_hangs_on_the_unknowable_is_refused_only_if_it_matters() {
    assert_eq!(user("Match exec true\n  SendEnv LANG\nHost *\nUser dev").as_deref(), Some("dev"));
    assert_eq!(
        refused("Match exec \"test -f x\"\n  LogLevel QUIET\n  User dev", "vm"),
        "config:3: User depends on Match exec, which trueup does not support yet"
    );
}

#[test]
fn includes_are_read_where_they_stand() {
    let open = |pattern: &str, folder: &str| -> Result<Vec<Source>, String> {
        Ok(match pattern {
            "conf.d/*" => vec![
                source("a", &format!("Host vm\nUser a\n# {folder}")),
                source("b", "Host *\nPort 23\nHost mini\nUser b"),
            ],
            "round" => vec![source("round", "Include round")],
            "bad" => vec![source("bad", "\nUsr x")],
            _ => Vec::new(),
        })
    };
    let read = |text: &str| {
        resolve(&[source("config", text)], asked("vm"), &open)
            .map_err(|problem| format!("{}: {}", problem.place, problem.message))
    };
    let config = read("Include conf.d/*\nUser later\nHostName h").unwrap();
    assert_eq!((config.user.as_deref(), config.port, config.host_name.as_deref()), (Some("a"), Some(23), Some("h")));
    // A block that does not apply does not read, and what follows it is judged by its own `Host`.
    let config = read("Host mini\nInclude conf.d/* bad\nHost vm\nInclude absent\nUser own").unwrap();
    assert_eq!((config.user.as_deref(), config.port), (Some("own"), None));
    assert_eq!(read("Include bad").unwrap_err(), "bad:2: the keyword Usr is not known");
    assert_eq!(read("Include round").unwrap_err(), "round:1: Include is nested deeper than 16 files");
    assert_eq!(read("Include").unwrap_err(), "config:1: Include has no value");
}

#[test]
fn the_users_file_comes_before_the_systems() {
    let sources = [source("user", "Host vm\nUser mine"), source("system", "Host *\nUser all\nPort 24")];
    let config = resolve(&sources, asked("vm"), &none).unwrap();
    assert_eq!((config.user.as_deref(), config.port), (Some("mine"), Some(24)));
}
