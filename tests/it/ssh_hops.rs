//! Servers that are reached through others, or through a command.

use std::fs;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use trueup::spec::SshAddress;
use trueup::transport::{Ended, Run, Surroundings, offered_key};

use crate::ssh::{address, command, connect, impostors, in_haste, noise, open, refusal, run, surroundings};
use crate::support::sshd::{SshServer, free_port, user};

/// While keys are agreed on anew nothing can be written, however much room the server has.
#[test]
fn a_server_may_want_new_keys_in_the_middle() {
    let server = SshServer::builder().option("RekeyLimit 256K").start();
    server.record(&server.known_hosts_line());
    let mut connection = connect(&server);
    let stdin = noise(2_000_000);
    let heard = run(&mut connection, &Run { stdin: &stdin, ..command("cat") });
    assert_eq!(heard.ended, Ended::Exited(0));
    assert!(heard.stdout.as_bytes() == stdin, "bytes differ");
}

#[test]
fn a_way_leads_through_jump_hosts_each_with_keys_of_its_own() {
    let (inner, outer) = (SshServer::start(), SshServer::start());
    // The client knows both, and logs in to the jump host with another key.
    let known = [inner.known_hosts_line(), outer.known_hosts_line()].join("\n");
    inner.record(&known);
    let config = format!(
        "Host gate\n  HostName 127.0.0.1\n  Port {}\n  User {}\n  IdentityFile {}\nHost 127.0.0.1\n  ProxyJump gate\n",
        outer.address().1,
        user(),
        outer.identity().display()
    );
    fs::write(inner.client_file("config"), config).unwrap();
    let mut connection = connect(&inner);
    assert_eq!(connection.host_key(), Some(inner.fingerprint("ed25519").as_str()));
    let stdin = noise(5_000_000);
    let heard = run(&mut connection, &Run { stdin: &stdin, ..command("tee /dev/stderr") });
    assert_eq!(heard.ended, Ended::Exited(0));
    assert!(heard.stdout.as_bytes() == stdin && heard.stderr.as_bytes() == stdin, "bytes differ");
    assert!(outer.log().contains("Accepted publickey"), "{}", outer.log());
    let start = Instant::now();
    drop(connection);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    // A hop that goes away is named, and so is one that cannot be passed.
    let mut connection = connect(&inner);
    let error = connection
        .run(&command("echo up; sleep 60"), &mut |_, _| {
            outer.hangs_up();
            ControlFlow::Continue(())
        })
        .unwrap_err()
        .to_string();
    assert!(error.contains(&format!("jump host 127.0.0.1:{}: ", outer.address().1)), "{error}");
    inner.record(&inner.known_hosts_line());
    let unknown = refusal(&inner);
    assert!(unknown.starts_with("jump host gate: the host key of 127.0.0.1:"), "{unknown}");
    assert!(unknown.ends_with("trueup trust vm"), "{unknown}");
    let offered = offered_key(&address(&inner), "vm", &surroundings(&inner)).unwrap();
    assert_eq!((offered.fingerprint, offered.last), (outer.fingerprint("ed25519"), false));
    inner.record(&known);
    let port = free_port();
    let error =
        open(SshAddress { port: Some(port), ..address(&inner) }, &surroundings(&inner)).unwrap_err().to_string();
    let start =
        format!("jump host gate: opening a way onward on 127.0.0.1:{} failed: it does not reach ", outer.address().1);
    assert!(error.starts_with(&start), "{error}");
}

#[test]
fn two_jump_hosts_are_passed_one_after_the_other() {
    let servers = [SshServer::start(), SshServer::start(), SshServer::start()];
    let [inner, middle, outer] = &servers;
    inner.record(&servers.each_ref().map(SshServer::known_hosts_line).join("\n"));
    let hop = |name: &str, server: &SshServer| {
        let (port, identity) = (server.address().1, server.identity());
        format!("Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {}\n", identity.display())
    };
    let ways = "Host 127.0.0.1\n  ProxyJump outer,middle\n";
    fs::write(inner.client_file("config"), [ways, &hop("outer", outer), &hop("middle", middle)].concat()).unwrap();
    assert_eq!(run(&mut connect(inner), &command("echo in")).stdout, "in\n");
    for server in servers {
        assert!(server.log().contains("Accepted publickey"), "{}", server.log());
    }
}

#[test]
fn a_jump_host_that_does_not_answer_is_named_within_the_limit() {
    let server = SshServer::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    fs::write(server.client_file("config"), format!("Host 127.0.0.1\n  ProxyJump localhost:{port}\n")).unwrap();
    let hasty = Surroundings { connect_limit: Duration::from_millis(500), ..surroundings(&server) };
    let start = Instant::now();
    let error = open(address(&server), &hasty).unwrap_err().to_string();
    let expected = format!(
        "jump host localhost: the SSH handshake on localhost:{port} failed: it took longer than the time limit"
    );
    assert_eq!(error, expected);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
#[cfg(target_os = "linux")]
fn a_proxy_command_is_the_connection_and_ends_with_it() {
    let server = SshServer::start();
    let alive = server.client_file("alive");
    let config = |command: &str| {
        fs::write(server.client_file("config"), format!("Host 127.0.0.1\n  ProxyCommand {command}\n")).unwrap();
    };
    // What it starts beside itself ends with it too.
    let line = "sh -c 'sleep 300 & echo $! >\"$2\"; exec busybox nc \"$0\" \"$1\"' '%h' %p";
    config(&format!("{line} {}", alive.display()));
    let mut connection = connect(&server);
    let stdin = noise(1_000_000);
    let heard = run(&mut connection, &Run { stdin: &stdin, ..command("cat") });
    assert!(heard.stdout.as_bytes() == stdin, "{} bytes", heard.stdout.len());
    let process = Path::new("/proc").join(fs::read_to_string(&alive).unwrap().trim());
    assert!(process.exists());
    drop(connection);
    let limit = Instant::now() + Duration::from_secs(5);
    while fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(Instant::now() < limit, "what the command started outlives the connection");
        std::thread::sleep(Duration::from_millis(10));
    }

    config("echo no way to %h >&2; exit 1");
    let error = refusal(&server);
    assert!(error.ends_with("(ProxyCommand said `no way to 127.0.0.1`)"), "{error}");
    config("none");
    assert_eq!(run(&mut connect(&server), &command("echo in")).stdout, "in\n");
}

#[test]
fn whatever_a_jump_host_does_is_over_within_the_limit_and_named() {
    let server = SshServer::start();
    for (what, port, message) in impostors() {
        fs::write(server.client_file("config"), format!("Host 127.0.0.1\n  ProxyJump localhost:{port}\n")).unwrap();
        let error = in_haste(&server, address(&server));
        let start = format!("jump host localhost: the SSH handshake on localhost:{port} failed: ");
        assert!(error.starts_with(&start) && error.ends_with(message), "{what}: {error}");
    }
}

/// The jump host is in order; what lies behind it is not.
#[test]
fn whatever_a_server_behind_a_jump_host_does_is_over_within_the_limit() {
    let gate = SshServer::start();
    let config = format!(
        "Host gate\n  HostName 127.0.0.1\n  Port {}\n  IdentityFile {}\nHost localhost\n  ProxyJump gate\n",
        gate.address().1,
        gate.identity().display()
    );
    fs::write(gate.client_file("config"), config).unwrap();
    for (what, port, message) in impostors() {
        let behind = SshAddress { host: "localhost".to_owned(), port: Some(port), ..address(&gate) };
        // Both logins share the limit.
        let error = in_haste(&gate, behind);
        let start = format!("the SSH handshake on localhost:{port} failed: ");
        assert!(error.starts_with(&start) && error.contains(message), "{what}: {error}");
    }
}

#[test]
fn whatever_a_proxy_command_does_is_over_within_the_limit() {
    let server = SshServer::start();
    for (command, message) in [
        ("sleep 300", "it took longer than the time limit"),
        ("yes", ""),
        ("sh -c 'yes >&2'", "it took longer than the time limit"),
        // It leaves the group by which it is ended.
        ("setsid -w sleep 300", "it took longer than the time limit"),
        ("true", ""),
        ("sh -c 'echo SSH-2.0-x; cat /dev/zero'", ""),
    ] {
        fs::write(server.client_file("config"), format!("Host 127.0.0.1\n  ProxyCommand {command}\n")).unwrap();
        let error = in_haste(&server, address(&server));
        assert!(error.starts_with("the SSH handshake on 127.0.0.1:") && error.contains(message), "{command}: {error}");
    }
}
