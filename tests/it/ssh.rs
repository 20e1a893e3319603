//! The SSH transport against real servers.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use trueup::spec::{Making, Reach, Shell, SshAddress, Target, TargetKind};
use trueup::transport::{
    Connection, Ended, Passphrases, Run, StdinAfter, Stream, Surroundings, TransportError, offered_key,
};

use crate::support::sshd::{SshServer, generate_key, public_key, user};

pub(crate) fn surroundings(server: &SshServer) -> Surroundings {
    Surroundings {
        home: server.client_home(),
        user: user(),
        ssh_agent: None,
        env: Vec::new(),
        connect_limit: Duration::from_secs(10),
        system_ssh: server.client_home(),
        passphrases: Arc::default(),
    }
}

pub(crate) fn address(server: &SshServer) -> SshAddress {
    let (host, port) = server.address();
    SshAddress { user: Some(user()), host, port: Some(port), identity: Some(server.identity()) }
}

pub(crate) fn open(address: SshAddress, surroundings: &Surroundings) -> Result<Connection, TransportError> {
    let target = Target {
        name: "vm".to_owned(),
        kind: TargetKind::Vm,
        reach: Reach::Ssh(address),
        making: Making::Found,
        labels: Vec::new(),
    };
    Connection::open(&target, Shell { login: false, interactive: false }, surroundings)
}

pub(crate) fn connect(server: &SshServer) -> Connection {
    open(address(server), &surroundings(server)).unwrap()
}

pub(crate) fn refusal(server: &SshServer) -> String {
    open(address(server), &surroundings(server)).unwrap_err().to_string()
}

pub(crate) struct Heard {
    pub(crate) ended: Ended,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn run(connection: &mut Connection, run: &Run<'_>) -> Heard {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let ended = connection
        .run(run, &mut |stream, bytes| {
            match stream {
                Stream::Stdout => stdout.extend_from_slice(bytes),
                Stream::Stderr => stderr.extend_from_slice(bytes),
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    Heard { ended, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
}

pub(crate) fn command(command_line: &str) -> Run<'_> {
    Run { command_line, stdin: b"", stdin_after: StdinAfter::Ends, limit: Some(Duration::from_secs(20)) }
}

/// Text in which every piece is unlike the others, so that one lost or repeated shows.
pub(crate) fn noise(length: u32) -> Vec<u8> {
    (0..length).map(|n| b'a' + u8::try_from(n.wrapping_mul(2_654_435_761) >> 28).unwrap()).collect()
}

fn wait_for(path: &Path) {
    let limit = Instant::now() + Duration::from_secs(10);
    while !path.exists() {
        assert!(Instant::now() < limit, "{} does not appear", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn commands_run_one_after_the_other_in_the_machines_own_home() {
    let server = SshServer::start();
    let mut connection = connect(&server);
    let first = run(&mut connection, &command("printf out; printf err >&2; exit 7"));
    assert_eq!((first.ended, first.stdout.as_str(), first.stderr.as_str()), (Ended::Exited(7), "out", "err"));
    let home = fs::canonicalize(server.home()).unwrap().display().to_string();
    let second = run(&mut connection, &command("echo \"$HOME\"; pwd -P; echo \"$PATH\""));
    assert_eq!(second.ended, Ended::Exited(0));
    assert_eq!(second.stdout, format!("{}\n{home}\n/usr/local/bin:/usr/bin:/bin\n", server.home().display()));
    for number in 0..20 {
        let again = run(&mut connection, &Run { stdin: b"some\n", ..command("cat; exec 2>&-") });
        assert_eq!((again.ended, again.stdout.as_str()), (Ended::Exited(0), "some\n"), "run {number}");
    }
    assert_eq!(connection.host_key(), Some(server.fingerprint("ed25519").as_str()));
}

#[test]
fn five_megabytes_go_both_ways_at_once() {
    let server = SshServer::start();
    let mut connection = connect(&server);
    let stdin = noise(5_000_000);
    let heard = run(&mut connection, &Run { stdin: &stdin, ..command("tee /dev/stderr") });
    assert_eq!(heard.ended, Ended::Exited(0));
    assert!(heard.stdout.as_bytes() == stdin, "stdout differs: {} bytes", heard.stdout.len());
    assert!(heard.stderr.as_bytes() == stdin, "stderr differs: {} bytes", heard.stderr.len());
    let after = run(&mut connection, &command("echo still here"));
    assert_eq!(after.stdout, "still here\n");
}

#[test]
fn a_slow_reader_there_gets_all_of_stdin() {
    let server = SshServer::start();
    let mut connection = connect(&server);
    let stdin = vec![b'x'; 5_000_000];
    let heard = run(&mut connection, &Run { stdin: &stdin, ..command("sleep 0.3; wc -c") });
    assert_eq!(heard.stdout.trim(), "5000000");
}

#[test]
fn stdin_that_nobody_reads_does_not_hang() {
    let server = SshServer::start();
    let stdin = vec![b'x'; 5_000_000];
    let heard = run(&mut connect(&server), &Run { stdin: &stdin, ..command("exit 3") });
    assert_eq!(heard.ended, Ended::Exited(3));
}

#[test]
fn a_signal_is_named() {
    let server = SshServer::start();
    let heard = run(&mut connect(&server), &command("kill -TERM $$"));
    assert_eq!(heard.ended, Ended::Signalled("TERM".to_owned()));
}

#[test]
fn a_run_past_its_limit_is_over_and_the_connection_still_serves() {
    let server = SshServer::start();
    let mut connection = connect(&server);
    let start = Instant::now();
    let slow = Run { limit: Some(Duration::from_millis(300)), ..command("echo early; sleep 60") };
    let heard = run(&mut connection, &slow);
    assert_eq!((heard.ended, heard.stdout.as_str()), (Ended::TimedOut, "early\n"));
    assert_eq!(run(&mut connection, &command("echo on")).stdout, "on\n");
    drop(connection);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_listener_that_stops_ends_an_open_stdin_there() {
    let server = SshServer::start();
    let mut connection = connect(&server);
    let line = "echo up; cat >/dev/null; touch \"$HOME/closed\"";
    let run = Run { stdin: b"begin", stdin_after: StdinAfter::StaysOpen, ..command(line) };
    let ended = connection.run(&run, &mut |_, _| ControlFlow::Break(())).unwrap();
    assert_eq!(ended, Ended::Stopped);
    wait_for(&server.home().join("closed"));
}

#[test]
fn an_open_stdin_does_not_keep_a_command_that_ends() {
    let server = SshServer::start();
    let heard = run(&mut connect(&server), &Run { stdin_after: StdinAfter::StaysOpen, ..command("echo done") });
    assert_eq!((heard.ended, heard.stdout.as_str()), (Ended::Exited(0), "done\n"));
}

/// Stands between client and server, and can be cut.
struct Relay {
    port: u16,
    between: std::thread::JoinHandle<[TcpStream; 2]>,
}

impl Relay {
    fn to(server: &SshServer) -> Self {
        Self::at_pace(server, Duration::ZERO)
    }

    /// Takes a pause after every few kilobytes, so that what is to be sent piles up.
    fn at_pace(server: &SshServer, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let there = server.address();
        let between = std::thread::spawn(move || {
            let client = listener.accept().unwrap().0;
            let server = TcpStream::connect(there).unwrap();
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                std::thread::spawn(move || {
                    let mut piece = vec![0; 32 * 1024];
                    while let Ok(length @ 1..) = from.read(&mut piece) {
                        std::thread::sleep(pause);
                        if to.write_all(&piece[..length]).is_err() {
                            break;
                        }
                    }
                });
            }
            [client, server]
        });
        Self { port, between }
    }

    fn cut(self) {
        for stream in self.between.join().unwrap() {
            // One that is cut already is as wanted.
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}

#[test]
fn nothing_is_lost_or_repeated_over_a_slow_network() {
    let server = SshServer::start();
    let relay = Relay::at_pace(&server, Duration::from_micros(500));
    server.record(&server.known_hosts_line().replace(&server.address().1.to_string(), &relay.port.to_string()));
    let at_relay = SshAddress { port: Some(relay.port), ..address(&server) };
    let mut connection = open(at_relay, &surroundings(&server)).unwrap();
    let stdin = noise(12_000_000);
    let heard = run(&mut connection, &Run { stdin: &stdin, ..command("tee /dev/stderr") });
    assert_eq!(heard.ended, Ended::Exited(0));
    assert!(heard.stdout.as_bytes() == stdin, "stdout differs: {} bytes", heard.stdout.len());
    assert!(heard.stderr.as_bytes() == stdin, "stderr differs: {} bytes", heard.stderr.len());
    drop(connection);
    relay.cut();
}

#[test]
fn a_lost_connection_is_an_error_here_and_the_end_of_stdin_there() {
    let server = SshServer::start();
    let relay = Relay::to(&server);
    let port = relay.port;
    server.record(&server.known_hosts_line().replace(&server.address().1.to_string(), &port.to_string()));
    let at_relay = SshAddress { port: Some(port), ..address(&server) };
    let mut connection = open(at_relay, &surroundings(&server)).unwrap();
    let line = "echo up; cat >/dev/null; touch \"$HOME/closed\"";
    let run = Run { stdin_after: StdinAfter::StaysOpen, ..command(line) };
    let mut relay = Some(relay);
    let error = connection
        .run(&run, &mut |_, _| {
            if let Some(relay) = relay.take() {
                relay.cut();
            }
            ControlFlow::Continue(())
        })
        .unwrap_err()
        .to_string();
    assert!(error.starts_with(&format!("running a command on 127.0.0.1:{port} failed: the connection was")), "{error}");
    wait_for(&server.home().join("closed"));
    connection.run(&command("true"), &mut |_, _| ControlFlow::Continue(())).unwrap_err();
}

#[test]
fn an_unknown_key_is_refused_with_its_fingerprint_and_becomes_known_by_trusting_it() {
    let server = SshServer::start();
    fs::remove_dir_all(server.client_home().join(".ssh")).unwrap();
    let port = server.address().1;
    assert_eq!(
        refusal(&server),
        format!(
            "the host key of 127.0.0.1:{port} is not known: it shows ssh-ed25519 {}; if that is the machine's own, \
             trust it with: trueup trust vm",
            server.fingerprint("ed25519")
        )
    );
    assert!(
        !server.log().contains(&format!("for {}", user())),
        "nothing about the user is said before:\n{}",
        server.log()
    );
    let offered = offered_key(&address(&server), "vm", &surroundings(&server)).unwrap();
    assert_eq!((offered.fingerprint.as_str(), offered.known), (server.fingerprint("ed25519").as_str(), false));
    assert_eq!(offered.line, server.known_hosts_line());
    offered.trust().unwrap();
    assert_eq!(run(&mut connect(&server), &command("echo in")).stdout, "in\n");
    assert!(offered_key(&address(&server), "vm", &surroundings(&server)).unwrap().known);
}

#[test]
fn a_changed_key_is_refused_and_cannot_be_trusted_over_the_old_one() {
    let server = SshServer::start();
    let port = server.address().1;
    let other = server.client_file("other");
    generate_key("ed25519", &other, "");
    server.record(&format!("# first\n[127.0.0.1]:{port} {}", public_key(&other)));
    let message = format!(
        "the host key of 127.0.0.1:{port} has CHANGED: it shows ssh-ed25519 {}, but {}:2 records another; someone may \
         be in between. If the machine was set up anew, forget the old key with: ssh-keygen -R '[127.0.0.1]:{port}'",
        server.fingerprint("ed25519"),
        server.client_file("known_hosts").display()
    );
    assert_eq!(refusal(&server), message);
    let error = offered_key(&address(&server), "vm", &surroundings(&server)).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn a_key_of_another_type_than_the_recorded_one_is_a_change() {
    let server = SshServer::start();
    let port = server.address().1;
    let other = server.client_file("other");
    generate_key("ecdsa", &other, "");
    server.record(&format!("[127.0.0.1]:{port} {}", public_key(&other)));
    let message = format!(
        "the host key of 127.0.0.1:{port} has CHANGED: it has none of the recorded type ecdsa-sha2-nistp256 ({}:1) any \
         more and shows ssh-ed25519 {}; someone may be in between. If the machine was set up anew, forget the old key \
         with: ssh-keygen -R '[127.0.0.1]:{port}'",
        server.client_file("known_hosts").display(),
        server.fingerprint("ed25519")
    );
    assert_eq!(refusal(&server), message);
    let error = offered_key(&address(&server), "vm", &surroundings(&server)).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert!(!server.log().contains(&format!("for {}", user())), "nothing about the user is said:\n{}", server.log());
}

/// Recorded is ecdsa; the server would rather show ed25519. A changed ecdsa key is seen as changed although the ed25519
/// key could be asked for.
#[test]
fn only_the_recorded_types_are_offered() {
    let server = SshServer::builder().key_types(&["ed25519", "ecdsa"]).option("LogLevel DEBUG2").start();
    server.record(&server.known_hosts_line_of("ecdsa"));
    connect(&server);
    let log = server.log();
    let offered: Vec<&str> = log.lines().filter(|line| line.contains("host key algorithms: ")).collect();
    let ours = |line: &str| line.split("algorithms: ").nth(1).unwrap().split(' ').next() == Some("ecdsa-sha2-nistp256");
    assert!(offered.iter().any(|line| ours(line)), "{offered:?}");
    let other = server.client_file("other");
    generate_key("ecdsa", &other, "");
    server.record(&format!("[127.0.0.1]:{} {}", server.address().1, public_key(&other)));
    let error = refusal(&server);
    assert!(error.contains("has CHANGED: it shows ecdsa-sha2-nistp256 "), "{error}");
    assert!(error.contains(&server.fingerprint("ecdsa")), "{error}");
}

#[test]
fn a_revoked_key_is_refused_although_it_is_recorded() {
    let server = SshServer::start();
    let line = server.known_hosts_line();
    server.record(&format!("{line}\n@revoked * {}", line.split_once(' ').unwrap().1));
    let place = server.client_file("known_hosts");
    let end = format!("({}) is revoked in {}:2", server.fingerprint("ed25519"), place.display());
    assert!(refusal(&server).ends_with(&end));
}

#[test]
fn a_hashed_known_hosts_knows_the_server() {
    let server = SshServer::start();
    let hashed = Command::new("ssh-keygen").arg("-Hf").arg(server.client_file("known_hosts")).output().unwrap();
    assert!(hashed.status.success());
    assert!(fs::read_to_string(server.client_file("known_hosts")).unwrap().starts_with("|1|"));
    assert_eq!(run(&mut connect(&server), &command("echo in")).stdout, "in\n");
}

#[test]
fn a_server_with_several_keys_shows_the_recorded_one() {
    let server = SshServer::builder().key_types(&["ed25519", "ecdsa", "rsa"]).start();
    for key_type in ["ecdsa", "rsa"] {
        server.record(&server.known_hosts_line_of(key_type));
        assert_eq!(connect(&server).host_key(), Some(server.fingerprint(key_type).as_str()));
    }
}

#[test]
fn a_refused_login_names_everything_that_was_tried() {
    let server = SshServer::start();
    generate_key("ed25519", &server.client_file("id_ed25519"), "");
    generate_key("rsa", &server.client_file("id_rsa"), "a passphrase");
    let identity = Some(server.client_file("absent"));
    let error = open(SshAddress { identity, ..address(&server) }, &surroundings(&server)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}@127.0.0.1:{} accepts none of these: agent: none is running; ~/.ssh/absent: No such file or directory \
             (os error 2); ~/.ssh/id_ed25519: refused; ~/.ssh/id_rsa: needs a passphrase, and no agent holds it \
             (ssh-add ~/.ssh/id_rsa gives it to one)",
            user(),
            server.address().1
        )
    );
}

#[test]
fn a_server_that_hangs_up_after_some_refusals_leaves_the_reason() {
    let server = SshServer::builder().option("MaxAuthTries 1").start();
    generate_key("ed25519", &server.client_file("id_ed25519"), "");
    generate_key("ecdsa", &server.client_file("id_ecdsa"), "");
    let error =
        open(SshAddress { identity: None, ..address(&server) }, &surroundings(&server)).unwrap_err().to_string();
    assert!(error.contains("~/.ssh/id_ed25519: refused; "), "{error}");
    assert!(error.ends_with("closed the connection"), "{error}");
}

#[test]
fn keys_of_all_usual_types_and_formats_are_accepted() {
    let server = SshServer::start();
    let authorized = server.identity().with_file_name("authorized_keys");
    for (key_type, pem) in [("ed25519", false), ("ecdsa", false), ("rsa", false), ("ecdsa", true), ("rsa", true)] {
        let identity = server.client_file(&format!("{key_type}-{pem}"));
        generate_key(key_type, &identity, "");
        if pem {
            let rewritten =
                Command::new("ssh-keygen").args(["-q", "-p", "-m", "PEM", "-N", "", "-f"]).arg(&identity).status();
            assert!(rewritten.unwrap().success());
        }
        fs::write(&authorized, format!("{}\n", public_key(&identity))).unwrap();
        let mut connection = open(SshAddress { identity: Some(identity), ..address(&server) }, &surroundings(&server))
            .unwrap_or_else(|error| panic!("{key_type}, PEM {pem}: {error}"));
        assert_eq!(run(&mut connection, &command("echo in")).stdout, "in\n");
    }
}

#[test]
fn the_agent_serves_keys_that_need_a_passphrase() {
    let server = SshServer::start();
    let socket = server.client_file("agent");
    let mut agent =
        Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(std::process::Stdio::null()).spawn().unwrap();
    wait_for(&socket);
    let identity = server.client_file("locked");
    fs::copy(server.identity(), &identity).unwrap();
    let ssh_add = |arguments: &[&str]| {
        let output = Command::new("ssh-add").args(arguments).env("SSH_AUTH_SOCK", &socket).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    ssh_add(&["-q", identity.to_str().unwrap()]);
    let locked = Command::new("ssh-keygen").args(["-q", "-p", "-N", "a passphrase", "-f"]).arg(&identity).status();
    assert!(locked.unwrap().success());
    let with_agent = Surroundings { ssh_agent: Some(socket.clone()), ..surroundings(&server) };
    for identity in [Some(identity), None] {
        let mut connection = open(SshAddress { identity, ..address(&server) }, &with_agent).unwrap();
        assert_eq!(run(&mut connection, &command("echo in")).stdout, "in\n");
    }
    ssh_add(&["-q", "-D"]);
    let empty = open(SshAddress { identity: None, ..address(&server) }, &with_agent).unwrap_err().to_string();
    assert!(empty.ends_with("accepts none of these: agent: it holds no keys"), "{empty}");
    agent.kill().unwrap();
    agent.wait().unwrap();
    let gone = open(SshAddress { identity: None, ..address(&server) }, &with_agent).unwrap_err().to_string();
    assert!(gone.contains("agent at ~/.ssh/agent: "), "{gone}");
}

#[test]
fn an_agent_that_hangs_is_said_to_and_leaves_time_for_key_files() {
    let server = SshServer::start();
    let socket = server.client_file("hung");
    let agent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let with_agent =
        Surroundings { ssh_agent: Some(socket), connect_limit: Duration::from_secs(3), ..surroundings(&server) };
    assert_eq!(run(&mut open(address(&server), &with_agent).unwrap(), &command("echo in")).stdout, "in\n");
    let start = Instant::now();
    let error = open(SshAddress { identity: None, ..address(&server) }, &with_agent).unwrap_err().to_string();
    assert!(error.contains("accepts none of these: agent at ~/.ssh/hung: no answer within 1."), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    drop(agent);
}

#[test]
fn an_alias_is_resolved_through_the_configuration() {
    let server = SshServer::start();
    let (host, port) = server.address();
    let config = format!(
        "Host mini\n  HostName {host}\n  Port {port}\n  User {}\n  IdentityFile {}\n  ServerAliveInterval 5\n",
        user(),
        server.identity().display()
    );
    fs::write(server.client_file("config"), config).unwrap();
    let alias = SshAddress { user: None, host: "mini".to_owned(), port: None, identity: None };
    let elsewhere = Surroundings { user: "nobody-here".to_owned(), ..surroundings(&server) };
    assert_eq!(run(&mut open(alias, &elsewhere).unwrap(), &command("echo in")).stdout, "in\n");
}

#[test]
fn nothing_listening_is_said_at_once() {
    let server = SshServer::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = open(SshAddress { port: Some(port), ..address(&server) }, &surroundings(&server)).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot connect to 127.0.0.1:{port}: Connection refused (os error 111)"));
}

#[test]
fn a_name_without_an_address_is_said() {
    let server = SshServer::start();
    let host = "no-such-host.invalid".to_owned();
    let error = open(SshAddress { host, ..address(&server) }, &surroundings(&server)).unwrap_err().to_string();
    assert!(error.starts_with("cannot find the address of no-such-host.invalid: "), "{error}");
}

#[test]
fn a_server_that_never_speaks_is_given_up_within_the_limit() {
    let server = SshServer::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let hasty = Surroundings { connect_limit: Duration::from_millis(500), ..surroundings(&server) };
    let start = Instant::now();
    let error = open(SshAddress { port: Some(port), ..address(&server) }, &hasty).unwrap_err().to_string();
    assert_eq!(error, format!("the SSH handshake on 127.0.0.1:{port} failed: it took longer than the time limit"));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn a_server_that_speaks_something_else_is_an_error() {
    let server = SshServer::start();
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = web.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        let mut client = web.accept().unwrap().0;
        client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        // Until the client leaves.
        drop(client.read_to_end(&mut Vec::new()));
    });
    let error =
        open(SshAddress { port: Some(port), ..address(&server) }, &surroundings(&server)).unwrap_err().to_string();
    assert!(error.starts_with(&format!("the SSH handshake on 127.0.0.1:{port} failed: ")), "{error}");
    answering.join().unwrap();
}

#[test]
fn a_passphrase_is_asked_for_once_a_key_and_serves_every_connection() {
    let server = SshServer::start();
    let locked =
        Command::new("ssh-keygen").args(["-q", "-p", "-N", "open sesame", "-f"]).arg(server.identity()).status();
    assert!(locked.unwrap().success());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let questions = Arc::clone(&asked);
    let asker = Box::new(move |question: &str| {
        let mut asked = questions.lock().unwrap();
        asked.push(question.to_owned());
        Ok(if asked.len() == 1 { "wrong" } else { "open sesame" }.to_owned())
    });
    let with_person = Surroundings { passphrases: Arc::new(Passphrases::from(asker)), ..surroundings(&server) };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut connection = open(address(&server), &with_person).unwrap();
                assert_eq!(run(&mut connection, &command("echo in")).stdout, "in\n");
            });
        }
    });
    let question = format!("Passphrase of {}: ", server.identity().display());
    assert_eq!(*asked.lock().unwrap(), [question.clone(), question]);
    let error = refusal(&server);
    let key = server.identity().display().to_string();
    assert!(
        error.contains(&format!("{key}: needs a passphrase, and no agent holds it (ssh-add {key} gives")),
        "{error}"
    );
}

#[test]
fn an_authority_alone_does_not_make_a_key_known() {
    let server = SshServer::start();
    let other = server.client_file("authority");
    generate_key("ed25519", &other, "");
    let port = server.address().1;
    let authority = format!("@cert-authority [127.0.0.1]:{port} {}", public_key(&other));
    server.record(&authority);
    let error = refusal(&server);
    let place = server.client_file("known_hosts");
    assert!(
        error.contains(&format!("{}:1 leaves it to a @cert-authority, which trueup does not", place.display())),
        "{error}"
    );
    server.record(&format!("{authority}\n{}", server.known_hosts_line()));
    assert_eq!(run(&mut connect(&server), &command("echo in")).stdout, "in\n");
}

#[test]
fn patterns_aliases_and_several_files_know_the_server() {
    let server = SshServer::start();
    let line = server.known_hosts_line();
    let key = line.split_once(' ').unwrap().1;
    for hosts in ["[127.0.0.*]:*", "!other,[127.0.?.1]:*", "[10.0.0.1]:22,[127.0.0.1]:*"] {
        server.record(&format!("{hosts} {key}"));
        assert_eq!(run(&mut connect(&server), &command("echo in")).stdout, "in\n", "{hosts}");
    }
    server.record(&format!("![127.0.0.1]:*,[127.0.0.*]:* {key}"));
    assert!(refusal(&server).contains("is not known"));
    // A user's second file, the system's file, and a name of its own.
    server.record("");
    fs::write(server.client_file("more"), format!("build-machine {key}\n")).unwrap();
    for (config, known) in [
        ("UserKnownHostsFile ~/.ssh/known_hosts ~/.ssh/more\nHostKeyAlias build-machine\n", true),
        ("GlobalKnownHostsFile %d/.ssh/more\nHostKeyAlias Build-Machine\n", true),
        ("GlobalKnownHostsFile %d/.ssh/more\n", false),
    ] {
        fs::write(server.client_file("config"), config).unwrap();
        assert_eq!(open(address(&server), &surroundings(&server)).is_ok(), known, "{config}");
    }
}

#[test]
fn algorithms_that_the_configuration_forbids_are_not_used() {
    let server = SshServer::builder().key_types(&["ed25519", "rsa"]).start();
    let config = |text: &str| fs::write(server.client_file("config"), text).unwrap();
    config("Ciphers aes256-ctr\nMACs hmac-sha2-512\nKexAlgorithms -curve25519*\n");
    assert_eq!(run(&mut connect(&server), &command("echo in")).stdout, "in\n");
    config("Ciphers made-up\n");
    assert!(refusal(&server).ends_with("ssh_config's ciphers leaves none that trueup has"));
    config("HostKeyAlgorithms rsa-sha2-512\nRequiredRSASize 4096\n");
    server.record(&server.known_hosts_line_of("rsa"));
    assert!(refusal(&server).ends_with("has 3072 bits; RequiredRSASize wants 4096"), "{}", refusal(&server));
}

/// A server that is none: what it says to each that connects, until they leave.
fn impostor(says: impl Fn(&mut TcpStream) -> std::io::Result<()> + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let says = says.clone();
            std::thread::spawn(move || {
                let mut client = client.unwrap();
                // Whoever is left by its client has said enough.
                drop(says(&mut client).and_then(|()| client.read_to_end(&mut Vec::new())));
            });
        }
    });
    port
}

fn without_end(client: &mut TcpStream, piece: &[u8]) -> std::io::Result<()> {
    let many = piece.repeat(64 * 1024 / piece.len());
    loop {
        client.write_all(&many)?;
    }
}

/// A packet that is not encrypted: length, length of the padding, type, an empty string, padding.
fn packet(kind: u8) -> [u8; 16] {
    [0, 0, 0, 12, 6, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

const HASTE: Duration = Duration::from_millis(600);

/// What comes of connecting in haste, and that it comes in time.
pub(crate) fn in_haste(server: &SshServer, address: SshAddress) -> String {
    let hasty = Surroundings { connect_limit: HASTE, ..surroundings(server) };
    let start = Instant::now();
    let error = open(address, &hasty).unwrap_err().to_string();
    assert!(start.elapsed() < HASTE + Duration::from_secs(2), "{error} after {:?}", start.elapsed());
    error
}

/// The ways in which a server can hang, flood or hang up before it has agreed on keys.
pub(crate) fn impostors() -> [(&'static str, u16, &'static str); 9] {
    const LATE: &str = "it took longer than the time limit";
    const FLOODED: &str = "it said more than 1 MiB before it was known who it is";
    const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.9\r\n";
    [
        // libssh2 takes these a byte at a time, so it is the time that runs out first, or the patience.
        ("a flood before the banner", impostor(|client| without_end(client, b"x")), ""),
        ("lines without end before the banner", impostor(|client| without_end(client, b"hello\r\n")), ""),
        (
            "a banner without end",
            impostor(|client| {
                client.write_all(b"SSH-2.0-")?;
                without_end(client, b"x")
            }),
            "",
        ),
        ("silence", impostor(|_| Ok(())), LATE),
        ("half a banner", impostor(|client| client.write_all(b"SSH-2.")), LATE),
        ("a banner and silence", impostor(|client| client.write_all(BANNER)), LATE),
        (
            "a banner and packets that mean nothing",
            impostor(|client| {
                client.write_all(BANNER)?;
                without_end(client, &packet(2))
            }),
            FLOODED,
        ),
        (
            "a banner and packets of no known type",
            impostor(|client| {
                client.write_all(BANNER)?;
                without_end(client, &packet(200))
            }),
            "",
        ),
        (
            "a banner and the end",
            impostor(|client| {
                client.write_all(BANNER)?;
                client.shutdown(Shutdown::Both)
            }),
            "",
        ),
    ]
}

#[test]
fn whatever_a_server_does_before_the_keys_are_agreed_on_is_over_within_the_limit() {
    let server = SshServer::start();
    for (what, port, message) in impostors() {
        let error = in_haste(&server, SshAddress { port: Some(port), ..address(&server) });
        let start = format!("the SSH handshake on 127.0.0.1:{port} failed: ");
        assert!(error.starts_with(&start) && error.ends_with(message), "{what}: {error}");
    }
}

#[test]
fn a_server_that_hangs_while_it_looks_at_our_key_is_given_up_within_the_limit() {
    let hanging = SshServer::builder()
        .option("AuthorizedKeysFile none")
        .option("AuthorizedKeysCommand /bin/sleep 4")
        .option(&format!("AuthorizedKeysCommandUser {}", user()))
        .start();
    let error = in_haste(&hanging, address(&hanging));
    let port = hanging.address().1;
    assert_eq!(error, format!("logging in on 127.0.0.1:{port} failed: it took longer than the time limit"));
}

#[test]
fn a_host_that_hangs_after_login_is_given_up_within_the_limit() {
    let server = SshServer::start();
    let relay = Relay::to(&server);
    let port = relay.port;
    server.record(&server.known_hosts_line().replace(&server.address().1.to_string(), &port.to_string()));
    let quick = Surroundings { connect_limit: Duration::from_secs(3), ..surroundings(&server) };
    let mut connection = open(SshAddress { port: Some(port), ..address(&server) }, &quick).unwrap();
    server.stands_still();
    let start = Instant::now();
    // The user's own commands have no limit; being started has one.
    let endless = Run { limit: None, ..command("true") };
    let error = connection.run(&endless, &mut |_, _| ControlFlow::Continue(())).unwrap_err().to_string();
    assert_eq!(error, format!("opening a channel on 127.0.0.1:{port} failed: it took longer than the time limit"));
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    drop(connection);
    relay.cut();
}

/// Nothing is kept of what the listener does not keep, and a flood ends with the listener's patience or the limit.
#[test]
fn a_command_that_floods_both_streams_is_ended_by_its_limit_or_its_listener() {
    let server = SshServer::start();
    let mut connection = connect(&server);
    let flood = Run { limit: Some(Duration::from_secs(1)), ..command("yes & exec yes >&2") };
    let (start, mut heard) = (Instant::now(), 0);
    let before = memory();
    let ended = connection.run(&flood, &mut |_, bytes| {
        heard += bytes.len();
        ControlFlow::Continue(())
    });
    assert_eq!(ended.unwrap(), Ended::TimedOut);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert!(heard > 1 << 20 && memory() < before + (64 << 20), "{heard} bytes heard, {} kept", memory() - before);
    let mut connection = connect(&server);
    let start = Instant::now();
    let ended = connection.run(&Run { limit: None, ..flood }, &mut |_, _| ControlFlow::Break(())).unwrap();
    assert_eq!(ended, Ended::Stopped);
    drop(connection);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// What this process holds in memory at the most so far, in bytes.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
